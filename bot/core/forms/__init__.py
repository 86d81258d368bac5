"""What stands in a form ↔ a command that could have been typed; nothing else ever leaves a form.

asking       a question about figures
scheduling   a question that is asked again and again
problems     what is wrong, and at which field
"""

from bot.core.forms.asking import DATES, QuestionForm, form_of, question_problems, question_words
from bot.core.forms.problems import Problem
from bot.core.forms.scheduling import ScheduleForm, schedule_form_of, schedule_problems, schedule_words

__all__ = [
    "DATES",
    "Problem",
    "QuestionForm",
    "ScheduleForm",
    "form_of",
    "question_problems",
    "question_words",
    "schedule_form_of",
    "schedule_problems",
    "schedule_words",
]
