"""What officers fill in about money: wording and reading only; what is true is for the acts and rules to say."""
