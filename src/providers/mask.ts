/** What stands in the place of a secret. */
export const MASK = '***'

/** Shorter texts, and shorter forms of longer ones, turn up by chance. */
const LEAST_LETTERS = 8

/** Everything but letters and digits may stand between those of a secret, and their case may differ. */
const LETTERS = /([a-z0-9])/gi

/** The same for bytes in hexadecimal, each of which may have a mark before it, such as `\x73` or `0x73`. */
const HEX_LETTERS = /\\x|\\u00|0x|&#x|([a-z0-9])/gi

/** Texts by which a secret is known, of letters and digits in lower case. */
interface Forms {
  readonly exact: readonly string[]
  /** As it is, percent-encoded, and in both alphabets of base64, at any place within what was encoded. */
  readonly plain: readonly string[]
  readonly base64: readonly string[]
  readonly hex: readonly string[]
}

const formsOfSecrets = new WeakMap<readonly string[], { readonly count: number; readonly forms: readonly Forms[] }>()

/**
 * The text with every given secret of eight characters or more masked: as it is, in upper or lower case, with anything
 * between its letters, percent-encoded, in base64 and in hexadecimal.
 */
export function maskSecrets(text: string, secrets: readonly string[]): string {
  let known = formsOfSecrets.get(secrets)
  // Tokens that change make the list longer.
  if (known?.count !== secrets.length) {
    const forms = secrets.filter(({ length }) => length >= LEAST_LETTERS).map(formsOf)
    known = { count: secrets.length, forms }
    formsOfSecrets.set(secrets, known)
  }
  let masked = text
  for (const { base64, exact, hex, plain } of known.forms) {
    for (const secret of exact) masked = masked.replaceAll(secret, MASK)
    masked = maskLetters(masked, plain, LETTERS)
    masked = maskLetters(masked, base64, LETTERS, /[\w+/=-]/)
    masked = maskLetters(masked, hex, HEX_LETTERS)
  }
  return masked
}

function formsOf(secret: string): Forms {
  const encoded = encodeURIComponent(secret)
  const known = (forms: readonly string[]): readonly string[] =>
    forms.map((form) => lettersOf(form, LETTERS)).filter(({ length }) => length >= LEAST_LETTERS)
  return {
    exact: [secret, encoded],
    plain: known([secret, encoded]),
    base64: known([0, 1, 2].map((before) => base64Within(secret, before))),
    hex: known([Buffer.from(secret).toString('hex')]),
  }
}

/** The characters of base64 that depend on the secret alone, where so many bytes (modulo 3) stand before it. */
function base64Within(secret: string, before: number): string {
  const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(secret)])
  return bytes.toString('base64').slice(Math.ceil((before * 8) / 6), Math.floor((bytes.length * 8) / 6))
}

function lettersOf(text: string, letters: RegExp): string {
  return Array.from(text.matchAll(letters), ([, letter]) => letter ?? '')
    .join('')
    .toLowerCase()
}

/** Masks every place whose letters are one of the forms, with what belongs to it on either side. */
function maskLetters(text: string, forms: readonly string[], letters: RegExp, belongs?: RegExp): string {
  if (text.length < LEAST_LETTERS || forms.length === 0) return text
  const found = lettersOf(text, letters)
  if (!forms.some((form) => found.includes(form))) return text
  const places = Array.from(text.matchAll(letters))
    .filter(([, letter]) => letter !== undefined)
    .map(({ index }) => index)
  let masked = ''
  let rest = 0
  for (let at = 0; at < found.length; at += 1) {
    const form = forms.find((candidate) => found.startsWith(candidate, at))
    const first = places[at]
    const last = form === undefined ? undefined : places[at + form.length - 1]
    if (form === undefined || first === undefined || last === undefined) continue
    let start = first
    let end = last + 1
    while (start > rest && belongs?.test(text.charAt(start - 1))) start -= 1
    while (end < text.length && belongs?.test(text.charAt(end))) end += 1
    masked += text.slice(rest, Math.max(rest, start)) + MASK
    rest = end
    at += form.length - 1
    while (at + 1 < places.length && (places[at + 1] ?? 0) < end) at += 1
  }
  return masked + text.slice(rest)
}

/**
 * The bytes with every secret masked that stands in them as it is. Handed on at once but for an end that may be the beginning
 * of a secret, so that a stream stays one.
 */
export async function* maskedBytes(
  pieces: AsyncIterable<Uint8Array>,
  secrets: readonly string[],
): AsyncIterable<Uint8Array> {
  const long = secrets.filter(({ length }) => length >= LEAST_LETTERS)
  let kept = ''
  for await (const piece of pieces) {
    // Each byte is one character, whatever the encoding: keys are ASCII.
    let text = kept + Buffer.from(piece).toString('latin1')
    for (const secret of long) text = text.replaceAll(secret, MASK)
    const at = text.length - beginningAtEnd(text, long)
    kept = text.slice(at)
    if (at > 0) yield Buffer.from(text.slice(0, at), 'latin1')
  }
  if (kept !== '') yield Buffer.from(kept, 'latin1')
}

/** The length of the longest end of the text with which a secret begins. */
function beginningAtEnd(text: string, secrets: readonly string[]): number {
  const lengths = secrets.map((secret) => {
    let length = Math.min(secret.length - 1, text.length)
    while (length > 0 && !text.endsWith(secret.slice(0, length))) length -= 1
    return length
  })
  return Math.max(0, ...lengths)
}
