"""The headers that every answer carries, whatever its status (quality.md, "Security")."""

from django.utils.cache import patch_vary_headers

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(
        f"{feature}=()"
        for feature in (
            "accelerometer", "autoplay", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer",
            "microphone", "midi", "payment", "usb", "xr-spatial-tracking",
        )
    ),
}  # fmt: skip
# What must not be kept anywhere: accounts, administration, and every download. Other private pages may be kept by the
# reader's own browser and are asked for anew each time, so that Back works and nothing is seen after signing out.
NEVER_KEPT = ("/account/", "/admin/", "/people/", "/grants/", "/rights/", "/security/")


class Headers:
    """Middleware, the outermost: sets what an answer does not carry yet."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        for name, value in ALWAYS.items():
            response.headers.setdefault(name, value)
        if "Cache-Control" not in response.headers:
            is_download = response.headers.get("Content-Disposition", "").startswith("attachment")
            is_kept = not (request.path.startswith(NEVER_KEPT) or is_download)
            response.headers["Cache-Control"] = "private, no-cache" if is_kept else "private, no-store"
        if "no-cache" in response.headers["Cache-Control"]:
            patch_vary_headers(response, ["Cookie", "Accept-Language", "HX-Request"])
        return response
