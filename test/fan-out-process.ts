import { loadConfig } from '../core/config.ts'
import { fanOut } from '../core/delivery/fan-out.ts'
import { createHive } from '../core/hive.ts'

/** Fans out what a topic holds, in a process of its own that a test can kill. */
await fanOut(createHive(loadConfig(process.env)), process.argv[2] ?? '')
