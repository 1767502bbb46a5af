"""What is spent in each quarter, by source, project and heading; by whom it is invoiced.

Every figure is invented.
"""

from decimal import Decimal as D

IN_KIND_RATE = D("25.00")
# What each line cost in the eight quarters; a quarter's provider cost comes as three monthly invoices.
SPEND: dict[tuple[str, str, str], tuple[str, ...]] = {
    ("GRANT", "CHB", "provider"): (
        "31250.40",
        "55120.35",
        "58760.10",
        "42940.75",
        "50310.20",
        "52480.60",
        "54115.95",
        "35890.40",
    ),
    ("GRANT", "SIS", "provider"): (
        "12480.00",
        "28905.50",
        "31220.25",
        "34990.00",
        "27140.00",
        "27960.75",
        "30875.40",
        "19720.00",
    ),
    ("GRANT", "PIP", "provider"): (
        "8300.00",
        "19450.00",
        "21875.60",
        "22410.00",
        "17925.00",
        "16480.30",
        "14950.00",
        "9860.00",
    ),
    ("GRANT", "GDM", "recharge"): (
        "6120.50",
        "9210.00",
        "9480.25",
        "9870.00",
        "8640.75",
        "8720.00",
        "8905.50",
        "0",
    ),
    ("GRANT", "SIN", "recharge"): (
        "4980.00",
        "7655.40",
        "8020.00",
        "8410.10",
        "7390.25",
        "7455.00",
        "7610.40",
        "0",
    ),
    ("GRANT", "RFL", "media"): ("0", "8450.00", "11300.00", "9985.20", "0", "9875.00", "10240.00", "4120.50"),
    ("GRANT", "VIC", "grants"): (
        "11900.00",
        "15300.00",
        "16200.00",
        "16350.00",
        "14870.00",
        "15120.40",
        "14985.00",
        "0",
    ),
    ("GRANT", "VIC", "victims"): ("640.20", "1105.75", "1290.00", "1480.35", "1175.90", "1233.45", "1260.10", "815.30"),
    ("GRANT", "EVL", "evaluation"): ("0", "5000.00", "8200.00", "9800.00", "0", "4500.00", "0", "0"),
    ("GRANT", "PGM", "staff"): (
        "4870.15",
        "4980.25",
        "4980.25",
        "5120.90",
        "5010.30",
        "5010.30",
        "5010.30",
        "3340.20",
    ),
    ("PFCC-CASH", "CHB", "provider"): (
        "4200.00",
        "5100.00",
        "5300.00",
        "5400.00",
        "5000.00",
        "5000.00",
        "5000.00",
        "3300.00",
    ),
    ("PFCC-CASH", "PGM", "staff"): (
        "9740.30",
        "9960.50",
        "9960.50",
        "10338.70",
        "10020.60",
        "10020.60",
        "10020.60",
        "6680.40",
    ),
    ("ECC-CASH", "CHB", "provider"): ("5000.00",) * 7 + ("5000.00",),
    ("ECC-CASH", "GDM", "staff"): (
        "3600.00",
        "3750.00",
        "3900.00",
        "3750.00",
        "3750.00",
        "3750.00",
        "3750.00",
        "3750.00",
    ),
    ("SOUTHEND-CASH", "CHB", "provider"): ("3000.00",) * 8,
    ("SOUTHEND-CASH", "VIC", "victims"): (
        "1850.00",
        "2050.00",
        "2100.00",
        "2000.00",
        "2000.00",
        "1975.50",
        "2024.50",
        "2000.00",
    ),
    ("THURROCK-CASH", "CHB", "provider"): ("0", "6000.00", "3000.00", "3000.00", "3000.00", "3000.00", "3000.00", "0"),
    ("THURROCK-CASH", "VIC", "victims"): ("0", "4000.00", "2000.00", "2000.00", "2000.00", "2000.00", "2000.00", "0"),
}
# Hours of youth workers given in kind, in the eight quarters.
IN_KIND_HOURS = {
    "GDM": (72, 80, 84, 80, 80, 80, 76, 0),
    "SIN": (60, 70, 72, 70, 68, 70, 70, 0),
}
SUPPLIERS = {
    "CHB": ("The Change Project", "TCP"),
    "SIS": ("Stalking intervention provider", "STK"),
    "PIP": ("Project PIPA provider", "PIPA"),
    "GDM": ("Essex County Council", "EYS-GDM"),
    "SIN": ("Essex County Council", "EYS-SIN"),
    "RFL": ("Campaign media agency", "CMA"),
    "EVL": ("TONIC", "TONIC"),
}
# The earlier fund: £450,000 over three years. Each year's spend by project, shared evenly over its quarters.
EARLIER_SPEND = {
    "SPA": ("58200.00", "59400.00", "60000.00"),
    "MEN": ("24310.50", "25000.00", "25000.00"),
    "OUT": ("18950.25", "19800.00", "20000.00"),
    "PRI": ("0", "14200.00", "15000.00"),
    "BYS": ("9875.00", "10000.00", "10000.00"),
    "VIC": ("14500.00", "14900.00", "15000.00"),
    "SUP": ("4800.00", "4950.00", "5000.00"),
}
