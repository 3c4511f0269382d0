import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import { serverNow } from '../data/live.ts'
import { onThemeChange } from '../shell/theme.ts'
import { short } from '../words/quantity.ts'
import { clock } from '../words/time.ts'

const HEIGHT = 190

/** Columns over time, equally far apart. What it shows is said by `label`, since a canvas says nothing. */
export function Chart(facts: {
  readonly label: string
  readonly startAt: number
  readonly stepMs: number
  readonly values: readonly number[]
}) {
  const { label, startAt, stepMs, values } = facts
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  useEffect(() => {
    const { current } = place
    if (!current) return undefined
    const draw = (): void => {
      plot.current?.destroy()
      plot.current = new uPlot(optionsOf(current, stepMs), dataOf(facts), current)
    }
    draw()
    const size = new ResizeObserver(() => plot.current?.setSize({ width: current.clientWidth, height: HEIGHT }))
    size.observe(current)
    const silence = onThemeChange(draw)
    return () => {
      size.disconnect()
      silence()
      plot.current?.destroy()
      plot.current = null
    }
  }, [stepMs])
  useEffect(() => plot.current?.setData(dataOf({ startAt, stepMs, values })), [startAt, stepMs, values])
  return <div class="chart" ref={place} role="img" aria-label={label} />
}

function dataOf({
  startAt,
  stepMs,
  values,
}: {
  startAt: number
  stepMs: number
  values: readonly number[]
}): uPlot.AlignedData {
  return [values.map((_, place) => (startAt + place * stepMs) / 1_000), [...values]]
}

function optionsOf(place: HTMLElement, stepMs: number): uPlot.Options {
  const style = getComputedStyle(place)
  const color = (name: string): string => style.getPropertyValue(name).trim()
  const paths = uPlot.paths.bars?.({ size: [0.86, 60], align: 1 })
  const columns = paths ? { paths } : {}
  const axis = {
    stroke: color('--quiet'),
    font: `11px ${style.fontFamily}`,
    grid: { stroke: color('--line'), width: 1 },
    ticks: { show: false },
  }
  return {
    width: place.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: {
      // The last column stands after the instant at which it begins.
      x: { range: (_, first, last) => [first, last + stepMs / 1_000] },
      y: { range: (_, __, most) => [0, Math.max(1, most * 1.1)] },
    },
    axes: [
      {
        ...axis,
        size: 26,
        grid: { show: false },
        space: 70,
        values: (_, splits) => splits.map((at) => clock(at * 1_000, serverNow())),
      },
      { ...axis, size: 48, values: (_, splits) => splits.map((value) => short(value)) },
    ],
    series: [
      {},
      {
        ...columns,
        fill: color('--accent'),
        points: { show: false },
      },
    ],
  }
}
