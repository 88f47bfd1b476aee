import { inject } from 'vitest'
import type { SharedService } from './global-setup.ts'

/** The URL of a server that all test files of this run share; it is started if it is not running yet. */
export async function borrow(service: SharedService): Promise<string> {
  const response = await fetch(`${inject('lender')}/${service}`)
  const text = await response.text()
  if (!response.ok) throw new Error(text)
  return text
}
