"""wapiti, led to what is worth its time here; run by the scanner's own environment (scripts/scan.py).

By itself it would attack a hundred reports alike and never reach the forms; it would fill them with what they refuse;
and after the first attack that is saved, a form would be refused as opened on an older version.
"""

import re
from collections import Counter, defaultdict
from functools import partialmethod

from wapitiCore.controller.wapiti import Wapiti
from wapitiCore.main.wapiti import wapiti_asyncio_wrapper
from wapitiCore.net import Request
from wapitiCore.net.crawler import AsyncCrawler
from wapitiCore.net.explorer import Explorer
from wapitiCore.parsers.html_parser import Html

PLAIN = 4  # pages of a kind that are visited without parameters; each parameter is met once on pages of a kind

seen = defaultdict(Counter)  # by method and path with its numbers left out
every_link = Explorer.extract_links
send_as_it_is = AsyncCrawler.async_send


def teaches_nothing(_explorer, request):
    """Whether pages of this kind were asked often enough with each of these parameters."""
    names = {*request.get_keys, *request.post_keys, *request.file_keys}
    known = seen[request.method, re.sub(r"\d+", "0", request.path)]
    met = all(known[name] for name in names) if names else known[None] >= PLAIN
    if not met:
        known.update(names or {None})
    return met


def links(explorer, response, request):
    return [with_each_name_once(found) for found in every_link(explorer, response, request)]


def with_each_name_once(request):
    """The request without further values of the same name: each would be attacked apart, to the same end."""
    return changed(request, get=once(request.get_params), post=once(request.post_params))


def once(parameters):
    return [[name, value] for name, value in dict(reversed(parameters)).items()]


def changed(request, *, get, post):
    return Request(
        request.path,
        method=request.method,
        get_params=get,
        post_params=post,
        file_params=request.file_params,
        enctype=request.enctype,
        referer=request.referer,
        link_depth=request.link_depth,
    )


async def send(crawler, request, *arguments, **options):
    """Send a form with the versions that its page shows now."""
    if request.method != "POST" or not request.referer or not any(is_version(*given) for given in request.post_params):
        return await send_as_it_is(crawler, request, *arguments, **options)
    page = await send_as_it_is(crawler, Request(request.referer))
    now = dict(re.findall(r'name="([\w-]*version)" value="(\d+)"', page.content))
    post = [[name, now.get(name, value) if is_version(name, value) else value] for name, value in request.post_params]
    renewed = changed(request, get=request.get_params, post=post)
    answer = await send_as_it_is(crawler, renewed, *arguments, **options)
    request.set_headers(renewed.headers)  # by these wapiti knows what was sent, and attacks nothing else
    return answer


def is_version(name, value):
    """Whether this is a field that says which version a form was opened on, and no attack on it."""
    return name.endswith("version") and (value or "").isdigit()


async def most_telling_first(wapiti, module):
    """What a module attacks, should its time run out: forms before pages, and first what is nearest to the start."""
    found = []
    if module.do_post:
        found += [form async for form in wapiti.persister.get_forms(attack_module=module.name)]
    if module.do_get:
        found += [page async for page in wapiti.persister.get_links(attack_module=module.name)]
    for request, response in sorted(found, key=lambda pair: (pair[0].method != "POST", pair[0].link_depth)):
        yield request, response


Html.iter_forms = partialmethod(Html.iter_forms, autofill=False)  # "default" is no date, and would refuse the form
Explorer.has_too_many_parameters = teaches_nothing
Explorer.extract_links = links
AsyncCrawler.async_send = send
Wapiti.load_resources_for_module = most_telling_first

if __name__ == "__main__":
    wapiti_asyncio_wrapper()
