// The lobby of "video-chat-django", written from the description (section 3): fetches a token for
// the room and goes there.
//
// `?sdk=` is the script that defines `AgoraRTC`, `?api=` the server of the five addresses, if not
// where the page is, `?app=` the app id. In the original all three are fixed.

const query = new URLSearchParams(location.search);
for (const [key, fallback] of [['sdk', '/videocalls/agora.js'], ['api', location.origin], ['app', 'app']]) {
  sessionStorage.setItem(key, query.get(key) ?? fallback);
}

document.querySelector('#form').onsubmit = async (event) => {
  event.preventDefault();
  const room = event.target.room.value.toUpperCase(); // The name is as it was typed.
  const response = await fetch(`${sessionStorage.getItem('api')}/get_token/?channel=${room}`);
  const { uid, token } = await response.json(); // Without a look at the status.
  sessionStorage.setItem('UID', uid);
  sessionStorage.setItem('token', token);
  sessionStorage.setItem('room', room);
  sessionStorage.setItem('name', event.target.name.value);
  location.assign('room/');
};
