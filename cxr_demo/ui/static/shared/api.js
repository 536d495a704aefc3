// The service's three endpoints, as anybody can call them: through Gradio's queue, without a session.

/** An answer that did not come; `key` names the sentence that says why, with its `values`; `again`
 *  is whether asking the same later will do. */
export class CallFailed extends Error {
  constructor(key, values = {}, again = false) {
    super(key);
    Object.assign(this, { key, values, again });
  }
}

/**
 * Analyse a file.
 * @param {Blob} file  PNG, JPEG or DICOM; its name is not sent
 * @param {string[]} include  parts of the answer, see README
 * @param {Object} [options]  `hidden` boxes and their `fill`; which `frame`; `signal` to stop waiting
 */
export async function analyse(file, include, { hidden = [], fill = 'blur', frame = null, signal } = {}) {
  const form = new FormData();
  form.append('files', new File([file], 'radiograph'));
  const [path] = await unbroken(async () =>
    (await ask('gradio_api/upload', { method: 'POST', body: form, signal })).json());
  const image = { path, meta: { _type: 'gradio.FileData' } };
  return call('analyse', [image, include, hidden, fill, frame], signal);
}

/** A shipped example's file. */
export const example = (number) => unbroken(async () =>
  (await ask(`examples/${number}`, {})).blob());

/** Search the library again from an embedding. */
export const neighbours = (embedding, k, classes, leaveOut, signal) =>
  call('neighbours', [embedding, k, classes, leaveOut], signal);

const call = (name, data, signal) => unbroken(async () => {
  const body = JSON.stringify({ data });
  const joined = await ask(`gradio_api/call/${name}`, { method: 'POST', body, signal });
  const { event_id: event } = await joined.json();
  const stream = await ask(`gradio_api/call/${name}/${event}`, { signal });
  for await (const message of messages(stream)) {
    if (message.event === 'complete') return JSON.parse(message.data)[0];
    if (message.event === 'error') throw new CallFailed('call.failed');
  }
  throw new CallFailed('call.lost');
});

/** A connection may break anywhere, also in the middle of an answer. */
async function unbroken(work) {
  try {
    return await work();
  } catch (error) {
    if (error.name === 'AbortError' || error instanceof CallFailed) throw error;
    throw new CallFailed('call.lost');
  }
}

async function ask(url, request) {
  const headers = typeof request.body === 'string' ? { 'Content-Type': 'application/json' } : {};
  const answer = await fetch(url, { ...request, headers });
  if (answer.ok) return answer;
  const { refusal } = await answer.json().catch(() => ({}));
  if (refusal) throw new CallFailed(refusal.key, refusal.values, answer.headers.has('Retry-After'));
  // Gradio, or a proxy in between, has words of its own.
  const { status } = answer;
  if (status === 503) throw new CallFailed('call.full', {}, true);
  throw new CallFailed(
    status === 413 ? 'call.too_large' : status === 502 || status === 504 ? 'call.lost' : 'call.failed',
  );
}

/** Server-sent events of a response, as {event, data}. */
async function* messages(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split('\n\n');
    rest = blocks.pop();
    for (const block of blocks) {
      const fields = block.split('\n').map((line) => line.match(/^(\w+): ?(.*)$/s) ?? []);
      yield Object.fromEntries(fields.map(([, name, content]) => [name, content]));
    }
  }
}
