/** One comparison: how many times as good as the other side, 1 for equal. */
export type Bar = { what: string; beside: string; times: number }

const left = 430
const width = 980
const row = 22
/** The chart goes from a sixteenth to sixteen times. */
const octaves = 4

/** A bar for each comparison, to the right of the line for what is better than the other side; the scale doubles by the step. */
export function drawChart(bars: Bar[]): string {
  const height = (bars.length + 2) * row
  const x = (times: number) => {
    const octave = Math.max(-octaves, Math.min(octaves, Math.log2(times)))
    return left + ((octave + octaves) / (2 * octaves)) * (width - left - 70)
  }
  const lines = Array.from({ length: 2 * octaves + 1 }, (_, i) => 2 ** (i - octaves)).map(
    (times) =>
      `<line x1="${x(times)}" x2="${x(times)}" y1="${row}" y2="${height - row / 2}" stroke="${times === 1 ? '#333' : '#ddd'}"/>` +
      `<text x="${x(times)}" y="${row - 6}" text-anchor="middle" fill="#666">${times < 1 ? `1/${1 / times}` : times}×</text>`,
  )
  const drawn = bars.map(({ what, beside, times }, at) => {
    const y = (at + 1) * row + 4
    const [from, to] = [Math.min(x(1), x(times)), Math.max(x(1), x(times))]
    return (
      `<text x="${left - 8}" y="${y + 11}" text-anchor="end">${escaped(what)} <tspan fill="#888">beside ${escaped(beside)}</tspan></text>` +
      `<rect x="${from}" y="${y}" width="${Math.max(1, to - from)}" height="${row - 8}" fill="${times >= 1 ? '#2a9d5c' : '#c77c2e'}"/>` +
      `<text x="${to + 4}" y="${y + 11}">${times.toFixed(2)}×</text>`
    )
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="11">
<title>Each measurement as a multiple of what it is compared with</title>
<rect width="100%" height="100%" fill="#fff"/>
${[...lines, ...drawn].join('\n')}
</svg>
`
}

const escaped = (text: string) => text.replace(/[&<>]/g, (found) => `&#${found.charCodeAt(0)};`)
