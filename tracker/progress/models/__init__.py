from .deadline import DeadlineChange
from .evidence import Evidence, Proof
from .report import Remark, Report, ReportAuthor
from .round import Round

__all__ = ["DeadlineChange", "Evidence", "Proof", "Remark", "Report", "ReportAuthor", "Round"]
