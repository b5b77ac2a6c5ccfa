"""De-identification: from `Transcript` and roster to the only record that exporters accept.

detector.py (Presidio and spoken.py's grammars) proposes spans; roster_match.py finds what the lab listed;
study_redaction.py unites both over the whole study and gives marks; registry.py and key.py keep who is who, encrypted;
apply.py alone writes the redacted text; leak_check.py searches the finished files again, by other means.
"""
