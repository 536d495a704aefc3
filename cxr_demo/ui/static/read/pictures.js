// Where references show prototypes: an offer to have their pictures fetched, once, by the server.
// Fetched ones show the middle of each radiograph only, which is said together with their source.
import { byId, fill, make } from '../shared/dom.js';
import { on } from '../shared/store.js';
import { percent, t } from '../shared/wording.js';
import { renew } from './library.js';

const AGAIN_MS = 700;
const ASKED = 'reference-pictures';
let stands = { state: 'there' }; // as the server says, see fetching.py

async function ask(method) {
  const answer = await fetch(ASKED, { method });
  if (!answer.ok) throw new Error(ASKED);
  stands = await answer.json();
}

async function follow(method) {
  try {
    await ask(method);
    while (stands.state === 'fetching') {
      render();
      await new Promise((later) => setTimeout(later, AGAIN_MS));
      await ask('GET');
      if (['there', 'middles'].includes(stands.state)) await renew();
    }
  } catch {
    stands = { state: 'failed', error: t('call.lost') };
  }
  render();
}

function render() {
  const box = byId('pictures-offer');
  const { state: now, stage, share, error } = stands;
  box.hidden = now === 'there' || now === 'not_offered';
  if (box.hidden) return;
  if (now === 'middles') {
    fill(box, make('span', { text: t('pictures.middles') }));
    return;
  }
  if (now === 'fetching') {
    const words = t(`pictures.${stage}`, { share: percent(share) });
    fill(box, make('span', { text: words }), make('progress', { value: share, 'aria-label': words }));
    return;
  }
  fill(box, make('span', { text: now === 'failed' ? `${t('pictures.failed')} ${error}` : t('pictures.missing') }),
    make('button', { type: 'button', id: 'pictures-fetch', text: t('pictures.fetch'),
      onclick: () => follow('POST') }));
}

export function start() {
  on(['language'], render);
  follow('GET');
}
