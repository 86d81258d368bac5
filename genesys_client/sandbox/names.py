"""What people and places of the fake organisation are called, hostile spellings included."""

from __future__ import annotations

FIRST_NAMES = (
    "Ana", "Dana", "Owen", "Priya", "Marcus", "Ingrid", "Tomas", "Leila", "Hugo", "Sofia", "Callum", "Yuki",
    "Nadia", "Felix", "Amara", "Jonas", "Rosa", "Dmitri", "Freya", "Kwame", "Elif", "Mateo", "Greta", "Samir",
    "Bianca", "Rhys", "Chiara", "Oskar", "Tara", "Viktor", "Zanele", "Patrick", "Mina", "Stefan", "Aoife", "Ravi",
)  # fmt: skip

LAST_NAMES = (
    "Reyes", "Lindqvist", "Okafor", "Moreau", "Novak", "Haddad", "Sullivan", "Tanaka", "Bergmann", "Costa",
    "Ivanova", "Mensah", "Kaya", "Fischer", "Rossi", "Dlamini", "Byrne", "Patel", "Weaver", "Jansen",
    "Kowalski", "Fontaine", "Andersen", "Quinn", "Marino", "Schulz", "Petrov", "Nkosi", "Hughes", "Laurent",
)  # fmt: skip

HOSTILE_NAMES = (
    ("<!channel>", "channel.everyone"),
    ('=HYPERLINK("http://example.com";"pay")', "hyper.link"),
    ("*bold* _x_ ~y~ `z`", "bold.markup"),
    ("שירה לוי", "shira.levi"),
    ("Marks & Spencer-Smith", "marks.spencer"),
    ("Maximiliana Theodora Wilhelmina von und zu Hohenstein-Falkenberg the Third", "maximiliana.hohenstein"),
    ("Yesterday", "yesterday.agent"),
    ("Ana O'Neill-Çelik", "ana.oneill"),
    ("<@U0000001> | 55%", "pipe.mention"),
)
"""Display name and local part of the address: markup, formulas, mentions, right-to-left, keywords."""

TEAM_NAMES = ("Billing", "Support", "Sales & Renewals", "Night Desk", "Back Office")
QUEUE_NAMES = ("Billing", "Support", "Sales", "Complaints", "Callbacks", "<b>VIP</b> & *Priority*")
GROUP_NAMES = ("First Aiders", "Mentors", "Early Birds")
DIVISION_NAMES = ("Home", "Iberia & LatAm")
