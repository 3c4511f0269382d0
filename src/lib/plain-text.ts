const ESCAPE = String.raw`\x1b`
/** Whole OSC, DCS, SOS, PM and APC strings with their terminator: `ESC ]52;c;...BEL` would set the clipboard. */
const CONTROL_STRING = String.raw`(?:${ESCAPE}[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x80-\x9f]*(?:\x07|${ESCAPE}\\|\x9c)`
/** CSI sequences: colours, cursor moves, erasing. */
const CONTROL_SEQUENCE = String.raw`(?:${ESCAPE}\[|\x9b)[0-?]*[ -/]*[@-~]`
/** Other escapes, such as a full reset (`ESC c`). */
const SHORT_ESCAPE = String.raw`${ESCAPE}[ -/]*[0-~]`
/** Marks that reorder the text around them without being seen. */
const BIDI_CONTROL = String.raw`[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]`
/** What is left of C0 and C1, except tab and line feed. */
const CONTROL_CHARACTER = String.raw`(?![\t\n])\p{Cc}`

const HOSTILE = new RegExp(
  [CONTROL_STRING, CONTROL_SEQUENCE, SHORT_ESCAPE, BIDI_CONTROL, CONTROL_CHARACTER].join('|'),
  'gu',
)

/** Every one of them alone, whatever it begins. */
const HOSTILE_CHARACTER = new RegExp([BIDI_CONTROL, CONTROL_CHARACTER].join('|'), 'gu')

/**
 * Data made safe for a terminal with nothing lost: each control character (except tab and line feed) and each mark that
 * reorders text is written as `\uXXXX`. JSON stays the same value, since such characters stand in its texts only. May be
 * given piece by piece.
 */
export function visibleText(text: string): string {
  return text.replace(HOSTILE_CHARACTER, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/**
 * Text of a model, a provider or a user's file made safe for a terminal: escape sequences, control characters (except
 * tab and line feed) and marks that reorder text are removed, the rest stays as it is.
 */
export function plainText(text: string): string {
  return text.replace(HOSTILE, '')
}

/** The same on one line: every run of white space becomes one space; cut to `maxCharacters`, ending in `…`. */
export function plainLine(text: string, maxCharacters = Number.POSITIVE_INFINITY): string {
  // Only the beginning of a long text can be shown, so only that is cleaned; escapes are rarely longer than text.
  const start = Number.isFinite(maxCharacters) ? text.slice(0, maxCharacters * 4 + 1_000) : text
  const characters = Array.from(plainText(start).replace(/\s+/gu, ' ').trim())
  if (characters.length <= maxCharacters && start.length === text.length) return characters.join('')
  return `${characters.slice(0, Math.max(0, maxCharacters - 1)).join('')}…`
}
