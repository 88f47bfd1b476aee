import { writeFileSync } from 'node:fs'

/** The CLI, which at its end writes the most memory that it held at once, in bytes, to the file HIVE_PEAK_FILE. */
process.on('exit', () => {
  writeFileSync(process.env.HIVE_PEAK_FILE ?? '', String(process.resourceUsage().maxRSS * 1024))
})
await import('../scripts/hive/main.js')
