"""The texts on which runtimes are compared: twelve subjects, odd shapes, from nothing to too much."""

from __future__ import annotations

SUBJECTS = (
    (
        "The bakery on the corner opens at six and sells out of rye bread before nine.",
        "Let the dough rest overnight in the fridge; cold fermentation gives it a deeper taste.",
        "How much salt goes into a kilogram of flour?",
        "Steam in the first ten minutes keeps the crust thin and lets the loaf open.",
        "Sourdough starters need feeding once a day at room temperature, once a week when cold.",
        "A baguette that is baked too long turns to stone by evening.",
    ),
    (
        "Annual leave is thirty days, and up to five unused days move into the next year.",
        "Parents may work half time for two years after a birth without losing their grade.",
        "Who approves a request for unpaid leave?",
        "Sick notes are due on the third day of absence and go to the people team, not to the manager.",
        "Overtime is paid out in June and December unless it was taken as free time before.",
        "New colleagues receive their contract, laptop and badge on the first morning.",
    ),
    (
        "The scheduler places a pod on a node that satisfies its requests, taints and affinity rules.",
        "A rolling update replaces replicas one at a time and stops when readiness probes fail.",
        "Why does my container restart with exit code 137?",
        "Secrets are mounted as files in memory, and a change reaches the volume within a minute.",
        "Horizontal autoscaling reads metrics every fifteen seconds and waits five minutes before shrinking.",
        "An ingress maps host names and paths to services inside the cluster.",
    ),
    (
        "Revenue grew by eleven percent to 4.2 billion dollars, led by subscriptions in Asia.",
        "The board proposes a dividend of 1.35 per share, payable in the second quarter.",
        "What was the operating margin in fiscal 2019?",
        "Goodwill of 310 million was written off after the sale of the printing division.",
        "Net debt fell to 0.8 times EBITDA, below the covenant of 2.5 times.",
        "Currency effects lowered reported sales by about two points.",
    ),
    (
        "Aspirin thins the blood by blocking an enzyme in platelets for their whole life.",
        "The trial enrolled 842 patients, of whom 37 left before the first follow-up.",
        "Can ibuprofen be taken together with blood pressure tablets?",
        "A fever above forty degrees in an infant is a reason to see a doctor the same day.",
        "Vaccines are stored between two and eight degrees and discarded after thawing twice.",
        "Chronic back pain responds better to movement than to rest.",
    ),
    (
        "The glacier retreats by forty meters a year and leaves a gray lake behind.",
        "Rain that falls on the northern slope reaches the sea only after nine hundred kilometers.",
        "Which winds bring dust from the desert to the Alps?",
        "Spring comes two weeks earlier to the valley than it did when records began.",
        "Lightning strikes the ridge more often than any other place in the county.",
        "Peat bogs store more carbon per hectare than forests of any age.",
    ),
    (
        "To reset the router, hold the button for ten seconds until the light turns amber.",
        "Invoices are sent on the first working day; duplicates can be fetched from your account.",
        "My order arrived with a broken lid, can I get a replacement?",
        "We refund the full price within thirty days if the box has not been opened.",
        "The app signs you out after ninety days, or at once when you change your password.",
        "Shipping to islands takes three days longer and costs a little more.",
    ),
    (
        "In a minor key the same melody sounds like a question that nobody answers.",
        "The orchestra tunes to the oboe because its pitch does not drift.",
        "Who wrote the second violin concerto in E minor?",
        "Vinyl records wear out a little with every play, most of all in the inner grooves.",
        "She learned the cello at sixty and played in a quartet at seventy.",
        "Jazz drummers keep time on the ride cymbal and talk with the snare.",
    ),
    (
        "The tenant may sublet one room with the written consent of the owner.",
        "A contract signed under threat is void from the beginning.",
        "Does the warranty cover damage caused by water?",
        "Claims lapse three years after the end of the year in which they arose.",
        "Either party may terminate with sixty days' notice to the end of a quarter.",
        "The court found that silence could not be read as consent.",
    ),
    (
        "Sorting a list that is almost in order is where insertion sort beats the others.",
        "A hash map answers in constant time until too many keys meet in one bucket.",
        "What is the difference between a thread and a coroutine?",
        "Foreign keys make the database refuse an order for a customer who does not exist.",
        "The garbage collector pauses the program for less than a millisecond on small heaps.",
        "Floating point addition is not associative, so the order of a sum matters.",
    ),
    (
        "The striker scored twice before half time and limped off in the seventieth minute.",
        "A marathon is lost in the last ten kilometers, hardly ever in the first thirty.",
        "How many substitutions are allowed in a friendly match?",
        "She broke the national record in the 400 meters by two hundredths of a second.",
        "Cyclists save a third of their strength by riding close behind another.",
        "The goalkeeper trains with tennis balls to make his hands quicker.",
    ),
    (
        "The old town was rebuilt after the fire of 1684 on the medieval plan of its streets.",
        "Merchants from Lübeck traded cloth for fur and kept their own law abroad.",
        "When did the empire give up its eastern provinces?",
        "The treaty was signed in a railway carriage, and burned with it later.",
        "Letters took eleven days by ship, or three when the wind was kind.",
        "Farmers paid a tenth of the harvest and kept the straw.",
    ),
)
"""Questions stand among statements, so that neighbors are tested as a search uses them."""

ODD = (
    "",
    "Yes.",
    "42",
    "def mean(values: list[float]) -> float:\n    return sum(values) / len(values)",
    "| area | orders | revenue |\n|---|---|---|\n| north | 1,204 | 88,310.50 |\n| south | 998 | 71,002.00 |",
    "SELECT customer_id, max(ordered_at) FROM orders GROUP BY customer_id HAVING count(*) > 3;",
    "https://example.org/handbook/leave?year=2024#carry-over",
    "ERROR 2024-03-09T11:22:33Z worker-7 connection reset by peer (attempt 3 of 5)",
    "Der Antrag auf Elternzeit muss sieben Wochen vorher schriftlich gestellt werden.",
    "La réunion d'équipe est reportée à jeudi, à cause de la grève des trains.",
    "会议改到下周三下午三点。请提前准备材料。",
    "🚀 Release day!!! 🎉🎉 so happy :-)",
    "A\tB\tC\n1\t2\t3\n\n\n   trailing   spaces   ",
    "antidisestablishmentarianism " * 12,
)

LONG = tuple(" ".join(subject) for subject in SUBJECTS)
TOO_LONG = tuple(" ".join(LONG[start : start + 4]) for start in (0, 4, 8))

PROBES: tuple[str, ...] = tuple(text for subject in SUBJECTS for text in subject) + ODD + LONG + TOO_LONG
"""Cut to the model's limit where they are longer."""
