"""One thing done to many rows of the status table: chosen, seen beforehand, done as one change set.

deed.py says what is done to the rows of one model, one subclass a verb (plan.py, terms.py, reports.py); actions.py
which of them is offered to whom; choice.py what was chosen and seen; preview.py and applying.py do the same deed, the
one takes it back.
"""
