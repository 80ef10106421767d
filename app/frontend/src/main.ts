import { mount } from 'svelte';
import './styles/tokens.css';
import './styles/base.css';
import App from './App.svelte';
import { router } from './lib/router.svelte';
import { appearance } from './lib/theme.svelte';

const target = document.getElementById('app');
if (!target) throw new Error('#app is missing in index.html');

appearance.apply();
router.start();
mount(App, { target });
