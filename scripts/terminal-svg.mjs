/** Sizes of one cell of the drawn terminal, in pixels. */
const CELL = { width: 8.4, height: 19 }
const MARGIN = 18
const TITLE = 30

const BACKGROUND = '#14171c'
const FOREGROUND = '#d5dae2'
/** The eight colours of a terminal, in their order: black, red, green, yellow, blue, magenta, cyan, white. */
const PALETTE = ['#5c6370', '#e06c75', '#8fce72', '#e5c07b', '#61afef', '#c678dd', '#56b6c2', '#d5dae2']

/** A space that is drawn wherever it stands; SVG makes one of several usual ones. */
const NO_BREAK_SPACE = '\u00a0'

/**
 * Draws a screen as an SVG. The screen is lines of text with the SGR sequences of ECMA-48 for bold, dim and the eight
 * colours, as `tmux capture-pane -e` gives it; others are left out. Empty lines at the end are not drawn.
 */
export function drawScreen(screen, columns) {
  const lines = screen.trimEnd().split('\n').map(runsOf())
  return drawTerminal(lines.map(drawLine).join('\n'), { columns, lines: lines.length, style: '' })
}

/** A longer stillness is cut to this. */
const MOST_STILL_MS = 1_200

/**
 * Draws screens that followed each other, the last of which stays. Each line is drawn once for as long as it stood there;
 * readers who want no motion see the last screen at once.
 * @param {readonly { atMs: number, screen: string }[]} frames In their order; times count from any moment.
 * @param {number} columns
 */
export function drawRecording(frames, columns) {
  const seen = frames.map(({ atMs, screen }) => ({ atMs, lines: screen.trimEnd().split('\n').map(runsOf()) }))
  const most = Math.max(...seen.map(({ lines }) => lines.length))
  const pieces = Array.from({ length: most }, (_, place) => drawStays(staysOf(shortened(seen), place), place)).flat()
  const style = `<style>
.l{visibility:hidden}
@keyframes on{to{visibility:visible}}
@keyframes off{to{visibility:hidden}}
@media (prefers-reduced-motion:reduce){.l{animation:none!important}.s{visibility:visible}}
</style>
`
  return drawTerminal(pieces.join('\n'), { columns, lines: most, style })
}

/** The same frames with no wait longer than one has patience for, from 0 on. */
function shortened(frames) {
  let at = 0
  return frames.map(({ atMs, lines }, place) => {
    at += Math.min(atMs - (frames[place - 1]?.atMs ?? atMs), MOST_STILL_MS)
    return { at, lines }
  })
}

/** What stood in a line, from when and until when; the last has no end. */
function staysOf(frames, place) {
  const stays = []
  for (const { at, lines } of frames) {
    const runs = lines[place] ?? []
    const last = stays.at(-1)
    if (last !== undefined && JSON.stringify(last.runs) === JSON.stringify(runs)) continue
    if (last !== undefined) last.until = at
    stays.push({ runs, from: at })
  }
  return stays.filter(({ runs }) => runs.length > 0)
}

function drawStays(stays, place) {
  return stays.map(({ from, runs, until }) => {
    const off = until === undefined ? '' : `,off 0s ${until}ms forwards`
    const look = `class="l${until === undefined ? ' s' : ''}" style="animation:on 0s ${from}ms forwards${off}"`
    return `<g ${look}>${drawLine(runs, place)}</g>`
  })
}

/** The terminal around what is in it. */
function drawTerminal(body, { columns, lines, style }) {
  const width = Math.ceil(columns * CELL.width + 2 * MARGIN)
  const height = Math.ceil(lines * CELL.height + TITLE + 2 * MARGIN - 8)
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>llm-batch in a terminal: killed in the middle, typed again, finished</title>
${style}<rect width="${width}" height="${height}" rx="10" fill="${BACKGROUND}"/>
${['#ff5f57', '#febc2e', '#28c840'].map((color, place) => `<circle cx="${MARGIN + 4 + place * 19}" cy="20" r="6" fill="${color}"/>`).join('\n')}
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14" fill="${FOREGROUND}">
${body}
</g>
</svg>
`
}

/** A line is one text and its bars; each run in it stands at its own cell, so that another font moves nothing. */
function drawLine(runs, place) {
  const y = TITLE + MARGIN + place * CELL.height
  const seen = runs.filter(({ text }) => text.trim() !== '')
  const bars = seen.filter(isBar).map((run) => drawBar(run, y))
  const spans = seen.filter((run) => !isBar(run)).map((run) => drawRun(run))
  return `${bars.join('')}<text y="${y}">${spans.join('')}</text>`
}

/** Cells that are full or shaded are drawn, because fonts leave gaps between them. */
function isBar({ text }) {
  return /^(?:█+|░+)$/.test(text)
}

function drawBar({ column, color = 7, text }, y) {
  const place = `x="${(MARGIN + column * CELL.width).toFixed(1)}" y="${y - 12}"`
  const size = `width="${(text.length * CELL.width).toFixed(1)}" height="13"`
  return `<rect ${place} ${size} fill="${PALETTE[color]}"${text.startsWith('░') ? ' opacity="0.25"' : ''}/>`
}

function drawRun({ column, isBold, isDim, color, text }) {
  const shown = text.trim()
  const x = (MARGIN + (column + text.indexOf(shown)) * CELL.width).toFixed(1)
  const length = (shown.length * CELL.width).toFixed(1)
  const look = [
    ...(color === undefined ? [] : [` fill="${PALETTE[color]}"`]),
    ...(isBold ? [' font-weight="bold"'] : []),
    ...(isDim ? [' opacity="0.6"'] : []),
  ].join('')
  return `<tspan x="${x}" textLength="${length}" lengthAdjust="spacingAndGlyphs"${look}>${escaped(shown)}</tspan>`
}

function escaped(text) {
  return text.replaceAll(' ', NO_BREAK_SPACE).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

const SEQUENCE_START = '\u001b'

/** Reads lines into runs of one look each; a look lasts over the end of a line until another sequence changes it. */
function runsOf() {
  let look = {}
  return (line) => {
    const runs = []
    let column = 0
    for (const part of line.split(SEQUENCE_START)) {
      const [, codes, text] = part.match(/^(?:\[([\d;]*)m)?(.*)$/)
      if (codes !== undefined) look = codes.split(';').reduce(changed, look)
      if (text !== '') runs.push({ column, text, ...look })
      column += text.length
    }
    return runs
  }
}

function changed(look, code) {
  const number = Number(code)
  if (number === 0) return {}
  if (number === 1) return { ...look, isBold: true }
  if (number === 2) return { ...look, isDim: true }
  if (number === 22) return { ...look, isBold: false, isDim: false }
  if (number >= 30 && number <= 37) return { ...look, color: number - 30 }
  if (number >= 90 && number <= 97) return { ...look, color: number - 90 }
  return number === 39 ? { ...look, color: undefined } : look
}
