"""What graders are asked. The words are this project's own; each asks for one word, letter or number."""

from collections.abc import Mapping

NO_OPTION = "none"
"""What a grader writes where a reply chooses no option, or gives no answer."""

UNKNOWN = "unknown"
"""What a grader writes where a reply says neither yes nor no."""

_OPTION_PROMPT = """\
Somebody answered a multiple-choice question in their own words. Say which option they chose.
Judge by what the reply says, not by what is right. If it refuses, leaves the choice open, or means something
that no option says, write "none".
Write the letter of one option, or "none", and nothing else.

Question: Which animal sleeps on the sofa?
Options:
A. a grey cat
B. a puppy
C. a parrot
Reply: There is a young dog on it.
Choice: B

Question: How many boats are there?
Options:
A. 2
B. 3
Reply: I count five of them.
Choice: none

Question: {question}
Options:
{options}
Reply: {reply}
Choice:"""

_YES_NO_PROMPT = """\
Somebody answered a yes-or-no question in their own words. Say whether their reply means yes or no.
Judge by what the reply says, not by what is right. If it says neither, or both, write "unknown".
Write one word: yes, no or unknown.

Question: Is the left bar taller than the right one?
Reply: Both bars have the same height.
Meaning: no

Question: Does the sign read "EXIT"?
Reply: The green letters spell EXIT.
Meaning: yes

Question: Is it raining in the second picture?
Reply: The second picture was not sent to me.
Meaning: unknown

Question: {question}
Reply: {reply}
Meaning:"""

_MATH_PROMPT = """\
Find the final answer in somebody's reply to a question, and write it down in the form asked for. Do not solve
the question, and do not correct the reply. If the reply gives no answer, write "none".
Write the answer and nothing else.

Question: How many more red pens than blue pens are there?
Form: an integer
Reply: There are 9 red pens and 4 blue ones, so there are 5 more red pens.
Answer: 5

Question: What is the mean height of the three plants, in cm?
Form: a number with 1 decimal place
Reply: (12.1 + 14.3 + 13.8) / 3 = 40.2 / 3, which gives us 13.4 cm.
Answer: 13.4

Question: What does the notebook cost with the discount, in euros?
Form: a number with 2 decimal places
Reply: A quarter off 3.80 leaves a price of 2.85 euros.
Answer: 2.85

Question: In which two months was the rainfall the same?
Form: a list in square brackets
Reply: The bars of the 3rd and the 8th month are equally tall.
Answer: [3, 8]

Question: Which segment is a radius?
Form: the letter of one option
Options:
A. PQ
B. PR
C. QR
Reply: P is the centre and R lies on the circle, hence it has to be the segment from P to R.
Answer: B

Question: {question}
Form: {form}
{options}Reply: {reply}
Answer:"""

_SCORE_PROMPT = """\
Score how right an answer is beside the ground truth, from 0.0 (nothing is right) in steps of 0.1 to 1.0
(all is right). Where the ground truth has <AND>, all parts that it joins are needed, and each that is there
earns its share; where it has <OR>, any one of the parts is enough. Other words, another order and further
details that do not contradict the ground truth cost nothing.
Complete the last row of the table: write its score and nothing else.

Question | Ground truth | Answer | Score
--- | --- | --- | ---
Which numbers are circled? | 4 <AND> 9 | 7 | 0.0
Which numbers are circled? | 4 <AND> 9 | Only the 4 is. | 0.5
Which numbers are circled? | 4 <AND> 9 | 9, and perhaps 8 | 0.5
Which numbers are circled? | 4 <AND> 9 | The circles are around 9 and 4. | 1.0
What is the vehicle called? | tram <OR> streetcar | a streetcar on rails | 1.0
Why is the man in the drawing surprised? | He planted a seed for a flower, but a lamp post has grown in \
its place, which plays on the word "bulb". | Something unexpected came out of the ground. | 0.3
Why is the man in the drawing surprised? | He planted a seed for a flower, but a lamp post has grown in \
its place, which plays on the word "bulb". | He put a bulb in the soil and expected a flower; as "bulb" \
means a lamp, too, a street lamp came up. | 1.0
{question} | {answer} | {reply} |"""


def write_options(options: Mapping[str, str]) -> str:
    """Write options, one a line."""
    return "\n".join(f"{letter}. {text}" for letter, text in options.items())


def ask_for_option(question: str, options: Mapping[str, str], reply: str) -> str:
    """Ask which option a reply chooses."""
    return _OPTION_PROMPT.format(question=question, options=write_options(options), reply=reply)


def ask_for_yes_or_no(question: str, reply: str) -> str:
    """Ask whether a reply means yes or no."""
    return _YES_NO_PROMPT.format(question=question, reply=reply)


def ask_for_math_answer(question: str, form: str, options: Mapping[str, str], reply: str) -> str:
    """Ask for the answer that a reply to a question of mathematics comes to.

    Args:
        question: What is asked.
        form: How the answer is to be written.
        options: The text of each option, by its letter; none where there is nothing to choose from.
        reply: What was answered.
    """
    written = f"Options:\n{write_options(options)}\n" if options else ""
    return _MATH_PROMPT.format(question=question, form=form, options=written, reply=reply)


def ask_for_score(question: str, answer: str, reply: str) -> str:
    """Ask how right a free answer is, from 0 to 1.

    Args:
        question: What is asked.
        answer: The ground truth; ``<AND>`` and ``<OR>`` join its parts.
        reply: What was answered.
    """
    truth = answer.replace("<AND>", " <AND> ").replace("<OR>", " <OR> ")
    cells = {"question": question, "answer": truth, "reply": reply}
    return _SCORE_PROMPT.format(**{name: _as_cell(text) for name, text in cells.items()})


def _as_cell(text: str) -> str:
    # A line break or a bar would begin a row or a cell of its own.
    return " ".join(text.replace("|", "/").split())
