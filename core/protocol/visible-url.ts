import * as z from 'zod/mini'
import { once } from '../once.ts'

/**
 * The text of a URL in which everything can be seen: no white space, and no control, format or other invisible
 * characters, some of which a URL parser removes without a word. Whether it is a URL is not asked here.
 */
export const VisibleUrl = once(() =>
  z
    .string()
    .check(
      z.maxLength(2_048),
      z.regex(
        /^[^\s\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]*$/u,
        'must not hold white space, control characters or invisible ones',
      ),
    ),
)
