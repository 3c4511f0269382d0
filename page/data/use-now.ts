import { useEffect, useState } from 'preact/hooks'
import { serverNow } from './live.ts'

/** The server's time, anew every second. */
export function useNow(): number {
  const [now, setNow] = useState(serverNow)
  useEffect(() => {
    const timer = setInterval(() => setNow(serverNow()), 1_000)
    return () => clearInterval(timer)
  }, [])
  return now
}
