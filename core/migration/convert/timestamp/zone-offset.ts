/** Tells what a zone's clocks are ahead of UTC, in ms, at a moment in ms since 1970. */
export type ZoneOffset = (ms: number) => number

/** No zone changes its offset but at a full quarter of an hour. */
const quarter = 900_000
const mostRemembered = 100_000

/** The offsets of a zone: UTC, ±hh:mm or a name of the IANA database. */
export function zoneOffset(zone: string): ZoneOffset {
  if (zone === 'UTC') return () => 0
  const fixed = /^([+-])(\d\d):(\d\d)$/.exec(zone)
  if (fixed) {
    const offset = (Number(fixed[2]) * 60 + Number(fixed[3])) * (fixed[1] === '-' ? -60_000 : 60_000)
    return () => offset
  }
  return namedZone(zone)
}

function namedZone(zone: string): ZoneOffset {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    era: 'short',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  const remembered = new Map<number, number>()
  return (ms) => {
    const start = Math.floor(ms / quarter) * quarter
    let offset = remembered.get(start)
    if (offset === undefined) {
      offset = localTime(format, start) - start
      if (remembered.size >= mostRemembered) remembered.clear()
      remembered.set(start, offset)
    }
    return offset
  }
}

function localTime(format: Intl.DateTimeFormat, ms: number): number {
  const parts = new Map(format.formatToParts(ms).map(({ type, value }) => [type, value]))
  const part = (name: Intl.DateTimeFormatPartTypes) => Number(parts.get(name))
  const year = parts.get('era') === 'BC' ? 1 - part('year') : part('year')
  const local = new Date(0)
  local.setUTCFullYear(year, part('month') - 1, part('day'))
  return local.setUTCHours(part('hour'), part('minute'), part('second'))
}

const day = 86_400_000

/**
 * The moment at which a zone's clocks show a local time. Of the two when clocks go back it is the first; a time that was
 * skipped when they went forward counts on from before.
 */
export function fromLocal(local: number, offset: ZoneOffset): number {
  const [before, after] = [offset(local - day), offset(local + day)]
  for (const one of [Math.max(before, after), Math.min(before, after)]) {
    if (offset(local - one) === one) return local - one
  }
  return local - before
}
