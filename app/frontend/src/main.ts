import { mount } from 'svelte';
import './styles/tokens.css';
import './styles/base.css';
import App from './App.svelte';
import { Refused, Unreachable } from './lib/api';
import { notices } from './lib/notices.svelte';
import { router } from './lib/router.svelte';
import { appearance } from './lib/theme.svelte';

const target = document.getElementById('app');
if (!target) throw new Error('#app is missing in index.html');

// What no page took care of; the connection's banner or the sign-in dialog tells the rest.
window.addEventListener('unhandledrejection', (event) => {
  if (!(event.reason instanceof Refused || event.reason instanceof Unreachable)) return;
  event.preventDefault();
  if (event.reason instanceof Refused && event.reason.status !== 401) notices.tell(event.reason.message);
});

appearance.apply();
router.start();
mount(App, { target });
