import * as z from 'zod/mini'
import { once } from '../../core/once.ts'

/** What a route reads by itself, whatever it is. */
export const Anything = once(() => z.unknown())
