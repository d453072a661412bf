import { wiped } from './engine/db.js';
import { listen } from './engine/outbox.js';
import { start } from './engine/session.js';
import { register } from './engine/shell.js';
import './engine/assignments.js';
import './engine/photos.js';

register();
wiped().then(start).then(listen);
