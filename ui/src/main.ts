import './style/base.css';
import './style/document.css';
import './style/parts.css';
import './style/estate.css';
import './style/secrets.css';
import './style/print.css';

import { mount } from 'svelte';

import App from './App.svelte';

const target = document.getElementById('page');
if (target) {
  mount(App, { target });
}
