// Loads a bundle and gives it one event, as Lambda does on a cold start: node run-bundle.js bundle.mjs event.json
// Prints the answer, how long loading took, and the processor time of it all. Imports next to nothing, so that what is measured is the bundle.
import { readFileSync } from 'node:fs'

const [bundle, given] = process.argv.slice(2)
const { event, context } = JSON.parse(readFileSync(given, 'utf8'))
const start = performance.now()
const { handler } = await import(bundle)
const loadMs = performance.now() - start
const result = await handler(event, { ...context, getRemainingTimeInMillis: () => 29_000 })
const { userCPUTime, systemCPUTime } = process.resourceUsage()
const cpuMs = (userCPUTime + systemCPUTime) / 1000
process.stdout.write(`\n${JSON.stringify({ result, loadMs, cpuMs })}\n`, () => process.exit(0))
