"""The names and tokens of "video-chat-django", written from their description (section 3).

The rows are a list in memory. The token is one in form alone: only the provider could check it.
"""

import json
import random
from pathlib import Path

from django.http import FileResponse, HttpResponse, JsonResponse
from django.urls import path, re_path
from django.views.decorators.csrf import csrf_exempt

PAGES = Path(__file__).resolve().parents[2] / "legacy"
members = []


def get_token(request):
    channel = request.GET["channel"]  # Raises an exception if it is missing, answered with 500.
    return JsonResponse({"token": f"006{channel}", "uid": random.randint(1, 230)})


@csrf_exempt
def create_member(request):
    data = json.loads(request.body)
    members.append({"name": data["name"], "uid": str(data["UID"]), "room_name": data["room_name"]})
    return JsonResponse({"name": data["name"]})


def get_member(request):
    member = the_one(uid=request.GET["UID"], room_name=request.GET["room_name"])
    return JsonResponse({"name": member["name"]})


@csrf_exempt
def delete_member(request):
    data = json.loads(request.body)
    member = the_one(uid=str(data["UID"]), room_name=data["room_name"], name=data["name"])
    members.remove(member)
    return JsonResponse("Member deleted", safe=False)


def the_one(**wanted):
    """None and several are both exceptions: 500."""
    [member] = [member for member in members if wanted.items() <= member.items()]
    return member


def page(request, name):
    file = PAGES / "agora" / name
    return FileResponse((file / "index.html" if file.is_dir() else file).open("rb"))


urlpatterns = [
    path("favicon.ico", lambda request: HttpResponse(status=204)),
    path("get_token/", get_token),
    path("create_member/", create_member),
    path("get_member/", get_member),
    path("delete_member/", delete_member),
    re_path(r"^agora/(?P<name>.*)$", page),
]
