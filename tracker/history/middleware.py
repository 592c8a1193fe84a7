from .changes import asked_by


class WhoChanges:
    """What a request changes is recorded as its person's."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        with asked_by(request):
            return self.get_response(request)
