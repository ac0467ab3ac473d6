"""States, company types and PAN holders: the tables behind the codes inside identifiers."""

from __future__ import annotations

# Two-letter codes as registers write them today. The name is English; pages translate it.
STATES: dict[str, str] = {
    "AN": "Andaman and Nicobar Islands",
    "AP": "Andhra Pradesh",
    "AR": "Arunachal Pradesh",
    "AS": "Assam",
    "BR": "Bihar",
    "CG": "Chhattisgarh",
    "CH": "Chandigarh",
    "DH": "Dadra and Nagar Haveli and Daman and Diu",
    "DL": "Delhi",
    "GA": "Goa",
    "GJ": "Gujarat",
    "HP": "Himachal Pradesh",
    "HR": "Haryana",
    "JH": "Jharkhand",
    "JK": "Jammu and Kashmir",
    "KA": "Karnataka",
    "KL": "Kerala",
    "LA": "Ladakh",
    "LD": "Lakshadweep",
    "MH": "Maharashtra",
    "ML": "Meghalaya",
    "MN": "Manipur",
    "MP": "Madhya Pradesh",
    "MZ": "Mizoram",
    "NL": "Nagaland",
    "OD": "Odisha",
    "PB": "Punjab",
    "PY": "Puducherry",
    "RJ": "Rajasthan",
    "SK": "Sikkim",
    "TN": "Tamil Nadu",
    "TR": "Tripura",
    "TS": "Telangana",
    "UK": "Uttarakhand",
    "UP": "Uttar Pradesh",
    "WB": "West Bengal",
}

# Older spellings, and registrars of companies with letters of their own (Pune PN, Coimbatore TZ).
_OTHER_LETTERS: dict[str, str] = {
    "CT": "CG",
    "DD": "DH",
    "DN": "DH",
    "GO": "GA",
    "KR": "KA",
    "OR": "OD",
    "PN": "MH",
    "TG": "TS",
    "TZ": "TN",
    "UA": "UK",
    "UR": "UK",
    "UT": "UK",
}

# The goods and services tax numbers its states. 25 and 28 are old; 97 and 99 name no state.
GST_STATES: dict[str, str] = {
    "01": "JK", "02": "HP", "03": "PB", "04": "CH", "05": "UK", "06": "HR", "07": "DL", "08": "RJ",
    "09": "UP", "10": "BR", "11": "SK", "12": "AR", "13": "NL", "14": "MN", "15": "MZ", "16": "TR",
    "17": "ML", "18": "AS", "19": "WB", "20": "JH", "21": "OD", "22": "CG", "23": "MP", "24": "GJ",
    "25": "DH", "26": "DH", "27": "MH", "28": "AP", "29": "KA", "30": "GA", "31": "LD", "32": "KL",
    "33": "TN", "34": "PY", "35": "AN", "36": "TS", "37": "AP", "38": "LA", "97": "", "99": "",
}  # fmt: skip

COMPANY_TYPES: dict[str, str] = {
    "FLC": "Financial lease company, public limited",
    "FTC": "Private limited subsidiary of a foreign company",
    "GAP": "General association, public",
    "GAT": "General association, private",
    "GOI": "Company of the Government of India",
    "NPL": "Not-for-profit company",
    "OPC": "One person company",
    "PLC": "Public limited company",
    "PTC": "Private limited company",
    "SGC": "Company of a state government",
    "ULL": "Public company with unlimited liability",
    "ULT": "Private company with unlimited liability",
}

# Fourth character of a PAN → whose it is.
PAN_HOLDERS: dict[str, str] = {
    "A": "association_of_persons",
    "B": "body_of_individuals",
    "C": "company",
    "E": "limited_liability_partnership",
    "F": "firm",
    "G": "government",
    "H": "hindu_undivided_family",
    "J": "artificial_juridical_person",
    "K": "trust",
    "L": "local_authority",
    "P": "individual",
    "T": "trust",
}


def find_state(letters: str) -> str | None:
    """Today's two-letter code for letters found inside an identifier; None for letters no register uses."""
    if letters in STATES:
        return letters
    return _OTHER_LETTERS.get(letters)
