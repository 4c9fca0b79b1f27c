// The lobby of "video-chat-django", written from the description (section 3): fetches a token for
// the room and opens its page.
//
// `?sdk=` is the script that defines `AgoraRTC`, `?api=` the server of the five HTTP endpoints (by
// default the page's own), `?app=` the app id. In the original all three are fixed.

const query = new URLSearchParams(location.search);
for (const [key, fallback] of [['sdk', '/videocalls/agora.js'], ['api', location.origin], ['app', 'app']]) {
  sessionStorage.setItem(key, query.get(key) ?? fallback);
}

document.querySelector('#form').onsubmit = async (event) => {
  event.preventDefault();
  const room = event.target.room.value.toUpperCase(); // The name is not changed.
  const response = await fetch(`${sessionStorage.getItem('api')}/get_token/?channel=${room}`);
  const { uid, token } = await response.json(); // The status is not checked.
  sessionStorage.setItem('UID', uid);
  sessionStorage.setItem('token', token);
  sessionStorage.setItem('room', room);
  sessionStorage.setItem('name', event.target.name.value);
  location.assign('room/');
};
