import { render } from 'preact'
import { startListening } from './data/live.ts'
import { App } from './shell/app.tsx'

const place = document.getElementById('page')
if (place) {
  startListening()
  render(<App />, place)
}
