/** The whole page. */
export function App() {
  return (
    <header>
      <h1>llm-batch</h1>
    </header>
  )
}
