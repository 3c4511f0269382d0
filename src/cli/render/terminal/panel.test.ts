import { describe, expect, it } from 'vitest'
import { sampleBatches, sampleView } from '../../../../test/support/progress-views.ts'
import { sampleCounts } from '../../../../test/support/run-records.ts'
import { colorsFor } from './colors.ts'
import { Panel } from './panel.ts'
import { panelLines } from './panel-lines.ts'

import { displayWidth } from './width.ts'

const plain = colorsFor({}, {})
const coloured = colorsFor({ isTTY: true }, {})

/** Just enough of a terminal to see what the panel leaves on it: cursor up, erasing, and lines that wrap when resized. */
class Screen {
  columns = 80
  rows = 24
  cursorIsVisible = true
  #lines: string[] = ['']
  #row = 0
  #column = 0

  write(text: string): void {
    for (const [at, part] of text.split('\x1b').entries()) {
      for (const character of at === 0 ? part : this.#escape(part)) this.#put(character)
    }
  }

  /** Makes the terminal narrower, as terminals do that wrap what they show again. */
  shrink(columns: number): void {
    const wrap = (line: string): string[] =>
      line === ''
        ? ['']
        : Array.from({ length: Math.ceil(line.length / columns) }, (_, at) =>
            line.slice(at * columns, (at + 1) * columns),
          )
    const below = this.#lines.length - this.#row
    this.#lines = this.#lines.flatMap(wrap)
    this.#row = this.#lines.length - below
    this.columns = columns
  }

  get shown(): string {
    return this.#lines.join('\n')
  }

  /** Obeys the sequence that the text begins with and returns the rest. */
  #escape(text: string): string {
    const [sequence = '', argument] = /^\[([?\d]*)[A-Za-z]/.exec(text) ?? []
    if (sequence.endsWith('A')) this.#row = Math.max(0, this.#row - Number(argument))
    if (sequence === '[J') this.#lines = [...this.#lines.slice(0, this.#row), this.#line.slice(0, this.#column)]
    if (sequence === '[K') this.#lines[this.#row] = this.#line.slice(0, this.#column)
    if (sequence === '[?25l') this.cursorIsVisible = false
    if (sequence === '[?25h') this.cursorIsVisible = true
    return text.slice(sequence.length)
  }

  get #line(): string {
    return this.#lines[this.#row] ?? ''
  }

  #put(character: string): void {
    if (character === '\r') {
      this.#column = 0
    } else if (character === '\n') {
      this.#row += 1
      this.#column = 0
      if (this.#row === this.#lines.length) this.#lines.push('')
    } else {
      this.#lines[this.#row] = this.#line.slice(0, this.#column) + character + this.#line.slice(this.#column + 1)
      this.#column += 1
    }
  }
}

function shownFor(view: ReturnType<typeof sampleView>, columns: number): string {
  return `${panelLines(view, columns - 1, plain).join('\n')}\n`
}

describe('the panel', () => {
  it('rewrites its own lines and leaves what stands above', () => {
    const screen = new Screen()
    const panel = new Panel(screen, coloured)
    screen.write('$ llm-batch run\n')
    panel.show(sampleView({ notes: ['one', 'two'] }))
    panel.show(sampleView({ elapsedMs: 5_000 }))
    expect(screen.shown).toBe(`$ llm-batch run\n${shownFor(sampleView({ elapsedMs: 5_000 }), 80)}`)
  })

  it('puts printed text above itself', () => {
    const screen = new Screen()
    const panel = new Panel(screen, plain)
    panel.show(sampleView())
    panel.print('a warning')
    panel.show(sampleView())
    expect(screen.shown).toBe(`a warning\n${shownFor(sampleView(), 80)}`)
  })

  it('finds its first line again in a terminal that was made narrower', () => {
    const screen = new Screen()
    const panel = new Panel(screen, plain)
    screen.write('above\n')
    panel.show(sampleView())
    screen.shrink(33)
    panel.show(sampleView())
    expect(screen.shown).toBe(`above\n${shownFor(sampleView(), 33)}`)
  })

  it('leaves nothing behind when it is cleared, and always shows the cursor', () => {
    const screen = new Screen()
    const panel = new Panel(screen, plain)
    panel.show(sampleView())
    expect(screen.cursorIsVisible).toBe(true)
    panel.clear()
    panel.clear()
    expect(screen.shown).toBe('')
    expect(screen.cursorIsVisible).toBe(true)
  })

  it('never takes more lines than the terminal has', () => {
    const screen = new Screen()
    screen.rows = 4
    new Panel(screen, plain).show(sampleView({ notes: ['one', 'two', 'three'] }))
    expect(screen.shown.split('\n')).toHaveLength(4)
  })
})

describe('the lines of the panel', () => {
  it('say how far the run is', () => {
    expect(panelLines(sampleView({ notes: ['batch 3: waiting to confirm a create, 4m left'] }), 80, plain)).toEqual([
      `k3f9-2026-11-23${' '.repeat(58)}12m 30s`,
      `${'█'.repeat(20)}${'░'.repeat(20)}  50%  26,000 of 52,000 rows`,
      '25,900 succeeded, 100 failed',
      'Batches: 2 queued, 3 running, 4 collected',
      'oldest batch 1h 20m, next look in 12s',
      '! batch 3: waiting to confirm a create, 4m left',
    ])
  })

  const full = sampleView({
    name: 'A name that is long enough to fill any line, 漢字漢字漢字 👍👍👍, and longer still',
    byStatus: sampleCounts({ succeeded: 1_000_000, failed: 1_234, expired: 99_999, truncated: 12, skipped: 5 }),
    total: 10_000_000,
    expiresInMs: 3_600_000,
    deadlineInMs: 1_800_000,
    notes: [`a_word_without_spaces_${'x'.repeat(200)}`, 'two\nlines', '\x1b]52;c;aGk=\x07hidden', '4', '5', '6', '7'],
  })

  it.each([20, 39, 79, 119])('fit into %i cells', (cells) => {
    const lines = panelLines(full, cells, coloured)
    expect(lines.filter((line) => displayWidth(line) > cells)).toEqual([])
  })

  it('clean what comes from outside and count notes beyond the fifth', () => {
    const text = panelLines(full, 119, plain).join('\n')
    expect(text).toContain('! hidden\n')
    expect(text).not.toContain('\x1b')
    expect(text).toContain('! and 2 more')
  })

  it('round down, so that all but one row are not 100%', () => {
    const view = sampleView({ total: 1_000, byStatus: sampleCounts({ succeeded: 999, batched: 1 }) })
    expect(panelLines(view, 80, plain)[1]).toContain('░  99%')
  })

  it('are quiet about a run that has only begun', () => {
    const view = sampleView({
      total: 0,
      byStatus: sampleCounts(),
      batches: sampleBatches(),
      oldestAgeMs: null,
      nextPollInMs: null,
    })
    expect(panelLines(view, 80, plain)).toHaveLength(2)
  })
})
