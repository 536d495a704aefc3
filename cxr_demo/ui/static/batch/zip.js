// Opens ZIP archives in the browser: lists their files, and inflates one when it is asked for. An
// archive is not trusted: sizes are limits here, and nothing is inflated beyond them.

const MOST_FILES = 1000;
const MOST_BYTES = 64 * 2 ** 20; // of one file, as the server accepts at most
const MOST_DIRECTORY = 16 * 2 ** 20;
const MOST_COMMENT = 2 ** 16;
// Deflate packs at most 1,032 to 1, and the browser inflates a whole piece before anybody can stop
// it: pieces are small, so that 16 MB is the worst that comes out unasked.
const PIECE = 2 ** 14;

const END = 0x06054b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const [END_LENGTH, CENTRAL_LENGTH, LOCAL_LENGTH] = [22, 46, 30];
const [STORED, DEFLATED] = [0, 8];
const ENCRYPTED = 0x2041; // bits 0, 6 and 13 of the flags
const UTF8 = 0x800;
const IN_ZIP64 = 0xffffffff; // stands where the value is elsewhere, in 64 bits

/** An archive, or a file in it, that is not opened; `key` names the sentence that says why. */
export class NotOpened extends Error {
  constructor(key, values = {}) {
    super(key);
    Object.assign(this, { key, values });
  }
}

/** Why something could not be opened, as {key, values}: said by NotOpened, or told by the disk. */
export const why = (error) => (error instanceof NotOpened ? error : { key: 'batch.unreadable' });

const damaged = () => new NotOpened('batch.zip.damaged');

/** Whether a file says of itself that it is a ZIP archive. */
export const isZip = ({ name, type }) =>
  /\.zip$/i.test(name) || ['application/zip', 'application/x-zip-compressed'].includes(type);

/**
 * The files in an archive, without folders and without what file managers hide there.
 * @param {Blob} file
 * @returns {Promise<Array<{path: string, open: function(): Promise<Blob>}>>}
 * @throws {NotOpened}  here, for the archive; by `open`, for one file
 */
export async function entries(file) {
  const { count, size, start } = await ending(file);
  const headers = directory(await view(file.slice(start, start + size)));
  if (headers.length !== count) throw damaged();
  const wanted = headers.filter(({ parts, folder }) =>
    !folder && parts.length && !parts.some(hidden));
  if (!wanted.length) throw new NotOpened('batch.zip.empty');
  if (wanted.length > MOST_FILES) throw new NotOpened('batch.zip.many', { most: MOST_FILES });
  return wanted.map((header) => ({
    path: header.parts.join('/'), open: () => content(file, start, header),
  }));
}

const view = async (blob) => new DataView(await blob.arrayBuffer());

const hidden = (part) => part.startsWith('.') || part === '__MACOSX';

/** What stands at the archive's end: how many entries its directory has, how long, from where. */
async function ending(file) {
  const from = Math.max(0, file.size - END_LENGTH - MOST_COMMENT);
  const tail = await view(file.slice(from));
  let at = tail.byteLength - END_LENGTH;
  while (at >= 0 && !isEnding(tail, at)) at -= 1;
  if (at < 0) throw damaged();
  const count = tail.getUint16(at + 10, true);
  const size = tail.getUint32(at + 12, true);
  const start = tail.getUint32(at + 16, true);
  if (count === 0xffff || size === IN_ZIP64 || start === IN_ZIP64) {
    throw new NotOpened('batch.zip.zip64');
  }
  if (start + size > from + at || size > MOST_DIRECTORY) throw damaged();
  return { count, size, start };
}

/** A comment may hold the same four bytes; the true ending reaches to the last byte. */
const isEnding = (tail, at) => tail.getUint32(at, true) === END
  && at + END_LENGTH + tail.getUint16(at + 20, true) === tail.byteLength;

/** The headers in an archive's directory. */
function directory(bytes) {
  const headers = [];
  let at = 0;
  while (at + CENTRAL_LENGTH <= bytes.byteLength && bytes.getUint32(at, true) === CENTRAL) {
    const short = (offset) => bytes.getUint16(at + offset, true);
    const long = (offset) => bytes.getUint32(at + offset, true);
    const named = at + CENTRAL_LENGTH;
    const next = named + short(28) + short(30) + short(32);
    if (next > bytes.byteLength) throw damaged();
    const name = decoded(new Uint8Array(bytes.buffer, named, short(28)), short(8) & UTF8);
    headers.push({
      flags: short(8), method: short(10), crc: long(16), packed: long(20), size: long(24),
      at: long(42), folder: /[\\/]$/.test(name),
      parts: name.split(/[\\/]/).filter((part) => !['', '.', '..'].includes(part)),
    });
    at = next;
  }
  return headers;
}

/** Most tools write UTF-8 and some do not say so; browsers know no code page 437. */
function decoded(bytes, utf8) {
  try {
    return new TextDecoder('utf-8', { fatal: !utf8 }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

async function content(file, most, { flags, method, crc, packed, size, at }) {
  if (flags & ENCRYPTED) throw new NotOpened('batch.zip.encrypted');
  if ([packed, size, at].includes(IN_ZIP64)) throw new NotOpened('batch.zip.zip64');
  if (![STORED, DEFLATED].includes(method)) throw new NotOpened('batch.zip.method');
  if (size > MOST_BYTES) {
    throw new NotOpened('batch.zip.large', { megabytes: MOST_BYTES / 2 ** 20 });
  }
  const local = await view(file.slice(at, at + LOCAL_LENGTH));
  if (local.byteLength < LOCAL_LENGTH || local.getUint32(0, true) !== LOCAL) throw damaged();
  const from = at + LOCAL_LENGTH + local.getUint16(26, true) + local.getUint16(28, true);
  if (from + packed > most) throw damaged();
  const stream = pieces(file.slice(from, from + packed));
  return gathered(
    method === STORED ? stream : stream.pipeThrough(new DecompressionStream('deflate-raw')),
    size, crc,
  );
}

function pieces(blob) {
  let at = 0;
  return new ReadableStream({
    async pull(controller) {
      if (at >= blob.size) return controller.close();
      controller.enqueue(new Uint8Array(await blob.slice(at, at + PIECE).arrayBuffer()));
      at += PIECE;
    },
  }, { highWaterMark: 0 });
}

/** All of a stream, as long as it is what the archive says of it. */
async function gathered(stream, size, crc) {
  const chunks = [];
  let length = 0;
  let sum = 0xffffffff;
  const reader = stream.getReader();
  for (;;) {
    const { value, done } = await reader.read().catch(undecodable);
    if (done) break;
    length += value.length;
    if (length > size) {
      await reader.cancel();
      throw new NotOpened('batch.zip.more');
    }
    sum = crc32(sum, value);
    chunks.push(value);
  }
  if (length !== size || (sum ^ 0xffffffff) >>> 0 !== crc) throw damaged();
  return new Blob(chunks);
}

/** The inflater says TypeError to what is not deflated; a disk says something else. */
function undecodable(error) {
  throw error instanceof TypeError ? damaged() : error;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte;
  for (let bit = 0; bit < 8; bit += 1) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  return sum;
});

function crc32(begun, bytes) {
  let sum = begun;
  for (let i = 0; i < bytes.length; i += 1) sum = CRC_TABLE[(sum ^ bytes[i]) & 255] ^ (sum >>> 8);
  return sum;
}
