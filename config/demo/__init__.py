"""The demonstration: both programmes of the board, with invented figures, as they stand on 9 April 2025."""
