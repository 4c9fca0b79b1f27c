"""Servers of Django channels, written from the description of their wires (sections 2, 3 and 5).

WebSocket /relay/echo/ROOM   a relay that also sends to the sender
WebSocket /relay/quiet/ROOM  a relay that does not
WebSocket, any other path    "Web RTC Chatroom": one room for the whole server
HTTP                         "video-chat-django", see mychat.py
"""

import json

from django.conf import settings

settings.configure(
    ALLOWED_HOSTS=["*"],
    CHANNEL_LAYERS={"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}},
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    ROOT_URLCONF="mychat",
    SECRET_KEY="nothing is signed here",
)

import django  # noqa: E402

django.setup()

from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.core.asgi import get_asgi_application  # noqa: E402
from django.urls import re_path  # noqa: E402


class Relay(AsyncWebsocketConsumer):
    """Text in, the same JSON out to the room; whatever cannot be read ends the socket."""

    echo = True

    async def connect(self):
        self.room = f"relay_{self.scope['url_route']['kwargs']['room']}"
        await self.channel_layer.group_add(self.room, self.channel_name)
        await self.accept()

    async def disconnect(self, code):
        await self.channel_layer.group_discard(self.room, self.channel_name)

    async def receive(self, text_data):
        event = {"type": "relayed", "message": json.loads(text_data), "sender": self.channel_name}
        await self.channel_layer.group_send(self.room, event)

    async def relayed(self, event):
        if self.echo or event["sender"] != self.channel_name:
            await self.send(text_data=json.dumps(event["message"]))


class QuietRelay(Relay):
    echo = False


class Mesh(AsyncWebsocketConsumer):
    """Offers and answers go to the channel they name, everything else to all, the sender included.

    The message's channel is overwritten on the way: it names the receiver first and the sender then.
    """

    GROUP = "test_room"

    async def connect(self):
        await self.channel_layer.group_add(self.GROUP, self.channel_name)
        await self.accept()

    async def disconnect(self, code):
        await self.channel_layer.group_discard(self.GROUP, self.channel_name)

    async def receive(self, text_data):
        content = json.loads(text_data)
        message = content["message"]
        action = content["action"]
        event = {"type": "send.sdp", "content": content}
        if action in ("new-offer", "new-answer"):
            receiver = message["receiver_channel_name"]
            message["receiver_channel_name"] = self.channel_name
            await self.channel_layer.send(receiver, event)
        else:
            message["receiver_channel_name"] = self.channel_name
            await self.channel_layer.group_send(self.GROUP, event)

    async def send_sdp(self, event):
        await self.send(text_data=json.dumps(event["content"]))


application = ProtocolTypeRouter(
    {
        "http": get_asgi_application(),
        "websocket": URLRouter(
            [
                re_path(r"^relay/echo/(?P<room>[-\w]+)$", Relay.as_asgi()),
                re_path(r"^relay/quiet/(?P<room>[-\w]+)$", QuietRelay.as_asgi()),
                re_path(r"", Mesh.as_asgi()),
            ]
        ),
    }
)
