"""The release check: a second look at the finished text that does not trust the first one.

`second_pass` runs the detectors again with the marks masked, until nothing new is found; `finished` does so on the
files as they will be handed over; `second_look` is the list for a person; `canaries` and `recall` measure how much is
found in this very study; `quasi_identifiers` and `partner_recognition` say who could still be told, and by whom.
"""
