"""What the name of a media file tells: pair, role, session, part. Only a proposal, which the lab corrects.

A wrong guess is worse than none, because it may go unnoticed: where a name can be read in two ways, nothing is read.
"""

import re
import unicodedata
from dataclasses import dataclass
from pathlib import PurePath

from transcribe.records import Role
from transcribe.study.codes import ROLES, is_pair

_MEDIA_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,5}$")

# A token is a run of letters or of digits, or a pair's code; whatever lies between is a separator.
_TOKEN = re.compile(r"[^\W\d_]+|\d+")

_SESSION = re.compile(r"(?<![A-Za-z])(?:session|sess|ses|interview|int|visit|s)[\s_.#-]*0*([1-9]\d?)(?!\d)", re.IGNORECASE)
_PART_OF = re.compile(r"(?<!\d)0*([1-9]\d?)[\s_-]*(?:of|von|/)[\s_-]*0*([1-9]\d?)(?!\d)", re.IGNORECASE)
_PART = re.compile(r"(?<![A-Za-z])(?:part|pt|teil|p(?=[\s_.-]*\d[\s_.-]*of))[\s_.#-]*0*([1-9]\d?)(?!\d)", re.IGNORECASE)
