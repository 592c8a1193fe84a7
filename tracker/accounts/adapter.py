from allauth.account.adapter import DefaultAccountAdapter


class ClosedRegistration(DefaultAccountAdapter):
    """People are entered by an administrator; nobody registers by themselves."""

    def is_open_for_signup(self, request):
        return False
