"""A quarter's results away from the network: the workbook that is taken, filled in, and read back."""
