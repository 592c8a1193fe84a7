from .deadline import DeadlineChange
from .evidence import Evidence, Proof
from .report import Remark, Report, ReportAuthor
from .round import Reminder, Round, RoundScope

__all__ = ["DeadlineChange", "Evidence", "Proof", "Remark", "Reminder", "Report", "ReportAuthor", "Round", "RoundScope"]
