import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startRun } from '../../src/index.ts'
import { expectExit, parseLines, type, typedFirst, typeHere } from '../support/command.ts'
import { JPEG, PNG } from '../support/images.ts'
import { type LocalWorld, openWorld } from '../support/local-world.ts'

const OPENAI = ['--model', 'openai/gpt-6.1-terra']

/** The requests of the only run of a world, as they lie in its input files. */
async function sentBodies(world: LocalWorld): Promise<readonly { readonly messages: readonly unknown[] }[]> {
  const runs = join(world.home, 'runs')
  const [run = ''] = await readdir(runs)
  const inputs = join(runs, run, 'inputs')
  const texts = await Promise.all((await readdir(inputs)).map((name) => readFile(join(inputs, name), 'utf8')))
  return texts.flatMap(parseLines).map(({ body }) => body as { readonly messages: readonly unknown[] })
}

/** A table in a folder of its own, with the images that it names beside it. */
async function writeTable(world: LocalWorld): Promise<void> {
  await mkdir(join(world.folder, 'data', 'img'), { recursive: true })
  await writeFile(join(world.folder, 'data', 'img', 'a.png'), PNG)
  await writeFile(join(world.folder, 'data', 'b.jpg'), JPEG)
  await world.write(
    'data/rows.csv',
    'id,text,image\n1,first,img/a.png\n2,second,"[""b.jpg"",""https://example.com/c""]"\n',
  )
}

describe('templates', () => {
  it('may have conditions, loops and defaults, and a typed command goes on with the run that they made', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', '{"name":"Ada","tags":["x","y"],"vip":true}\n{"name":null,"tags":[],"vip":false}\n')
    const template =
      '{% if vip %}Dear {% endif %}{{ name | default: "friend" }}:{% for t in tags %} {{ t | upcase }}{% endfor %} \\{{ {{ note | default: "-" }}'
    const words = ['run', 'rows.jsonl', ...OPENAI, '--prompt', template, '--quiet', '-o', 'out.jsonl']
    expectExit(await type(world, ...words), 0)
    expect(await sentBodies(world)).toMatchObject([
      { messages: [{ content: 'Dear Ada: X Y {{ -' }] },
      { messages: [{ content: 'friend: {{ -' }] },
    ])
    const again = await typeHere(world, ...words.filter((word) => word !== '--quiet'), '--force')
    expectExit(again, 0)
    expect(again.stderr).toContain('Finished already, as run')
  })

  const REFUSED: readonly (readonly [template: string, message: RegExp])[] = [
    ['{{ text | upcse }}', /the prompt has a mistake at 1:1: undefined filter: upcse \(did you mean upcase\?\)/],
    ['one\n{% if text %}', /the prompt has a mistake at 2:1: .*not closed/],
    ['{% include "secret" %}', /tag "include" not found/],
  ]

  it.each(REFUSED)('%j is refused before the input is looked at', async (template, message) => {
    const carryOut = typedFirst(
      REFUSED.map(([first]) => first),
      template,
    )
    const world = await openWorld()
    const { code, stderr } = await carryOut(world, 'run', 'absent.jsonl', ...OPENAI, '--prompt', template)
    expectExit({ code, stderr }, 2)
    expect(stderr).toMatch(message)
  })

  it('tell of rows that they cannot be filled from, and skip them when asked to', async () => {
    const world = await openWorld()
    await world.write('rows.jsonl', '{"day":"2026-11-27"}\n{"date":"x"}\n{"day":"now"}\n')
    const words = ['run', 'rows.jsonl', ...OPENAI, '--prompt', 'On {{ day | date: "%d.%m." }}', '-o', 'out.jsonl']
    const { stderr } = await typeHere(world, ...words)
    expect(stderr).toMatch(/line 2 {2}missing_column: no column "day"; the columns are: date/)
    expect(stderr).toMatch(/line 3 {2}template_failed: the template cannot be filled: "now" gives another time/)
    expectExit(await typeHere(world, ...words, '--skip-invalid'), 4)
    expect(await sentBodies(world)).toMatchObject([{ messages: [{ content: 'On 27.11.' }] }])
  })
})

describe('conversations', () => {
  it('have turns from a file and from a column before the prompt', async () => {
    const world = await openWorld()
    await world.write('shots.yaml', '- { role: system, content: Be kind. }\n- { role: user, content: "{{ id }}?" }\n')
    const history = JSON.stringify([
      { role: 'user', content: 'a' },
      { role: 'assistant', content: 'b' },
    ])
    await world.write('rows.csv', `id,text,history\n1,hello,"${history.replaceAll('"', '""')}"\n2,world,\n`)
    const files = ['--messages-file', 'shots.yaml', '--messages-column', 'history']
    expectExit(
      await typeHere(world, 'run', 'rows.csv', ...OPENAI, '--prompt', '{{text}}', ...files, '--quiet', '-o', 'o.csv'),
      0,
    )
    const said = (await sentBodies(world)).map(({ messages }) =>
      messages.map((turn) => Object.values(turn as object).join(': ')),
    )
    expect(said).toEqual([
      ['system: Be kind.', 'user: 1?', 'user: a', 'assistant: b', 'user: hello'],
      ['system: Be kind.', 'user: 2?', 'user: world'],
    ])
  })

  const NO_MESSAGES: readonly (readonly [text: string, message: RegExp])[] = [
    ['role: user', /holds no messages: /],
    ['- { role: nobody, content: x }', /holds no messages at 1\.role: /],
    ['[]', /holds no messages: /],
    ['- [', /shots\.yaml:1:\d+: /],
  ]

  it.each(NO_MESSAGES)('%j is no file of messages', async (text, message) => {
    const carryOut = typedFirst(
      NO_MESSAGES.map(([first]) => first),
      text,
    )
    const world = await openWorld()
    await world.write('shots.yaml', text)
    const { code, stderr } = await carryOut(world, 'plan', 'rows.csv', ...OPENAI, '--messages-file', 'shots.yaml')
    expectExit({ code, stderr }, 2)
    expect(stderr).toMatch(message)
  })
})

describe('images', () => {
  const png = `data:image/png;base64,${PNG.toString('base64')}`
  const jpeg = `data:image/jpeg;base64,${JPEG.toString('base64')}`

  const MODELS = ['openai/gpt-6.1-terra', 'mistral/mistral-small-latest']

  it.each(MODELS)('lie beside the table that names them, and go to %s with a detail', async (model) => {
    const carryOut = typedFirst(MODELS, model)
    const image = (url: string) => ({ url, detail: 'low' })
    const world = await openWorld()
    await writeTable(world)
    const words = ['run', 'data/rows.csv', '--model', model, '--prompt', '{{text}}', '--image-column', 'image']
    const { code, stderr } = await carryOut(world, ...words, '--image-detail', 'low', '--quiet', '-o', 'out.csv')
    expectExit({ code, stderr }, 0)
    expect((await sentBodies(world)).map(({ messages }) => messages)).toEqual([
      [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'first' },
            { type: 'image_url', image_url: image(png) },
          ],
        },
      ],
      [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'second' },
            { type: 'image_url', image_url: image(jpeg) },
            { type: 'image_url', image_url: image('https://example.com/c') },
          ],
        },
      ],
    ])
    expect(await world.server.ledger()).toMatchObject({ rowsBilled: 2 })
  })

  it('are a plain URL at Mistral where nothing else was said', async () => {
    const world = await openWorld()
    await writeTable(world)
    const model = ['--model', 'mistral/mistral-small-latest', '--prompt', '{{text}}', '--image-column', 'image']
    const { stdout } = await typeHere(world, 'prompt', 'data/rows.csv', ...model, '--rows', '1', '--json')
    expect(JSON.parse(stdout).rows[0].body.messages[0].content[1]).toEqual({ type: 'image_url', image_url: png })
  })

  it('that cannot be sent are told by their line, and the size can be set', async () => {
    const world = await openWorld({ config: { limits: { maxImageBytes: 60 } } })
    await writeTable(world)
    await world.write('data/rows.csv', 'text,image\na,img/a.png\nb,absent.png\nc,rows.csv\nd,b.jpg\n')
    const words = ['plan', 'data/rows.csv', ...OPENAI, '--prompt', '{{text}}', '--image-column', 'image']
    const { code, stdout } = await type(world, ...words)
    expect(code).toBe(2)
    expect(stdout).toMatch(/line 2 {2}image_too_large: "image" names img\/a\.png, which has 70 bytes; at most 60/)
    expect(stdout).toMatch(/line 3 {2}image_missing: "image" names absent\.png, and there is no such file/)
    expect(stdout).toMatch(/line 4 {2}image_unknown: "image" names rows\.csv, which is not a PNG/)
    expect(stdout).not.toMatch(/line 5/)
    const { stdout: larger } = await typeHere(world, ...words, '--image-max-mb', '0.00007')
    expect(larger).not.toMatch(/image_too_large/)
  })

  it('of many large rows are not held in memory together', async () => {
    const world = await openWorld()
    await writeFile(join(world.folder, 'large.png'), Buffer.concat([PNG, Buffer.alloc(2_000_000)]))
    await world.write('rows.jsonl', '{"image":"large.png"}\n'.repeat(60))
    const words = ['plan', 'rows.jsonl', ...OPENAI, '--prompt', 'What?', '--image-column', 'image', '--json']
    const environment = { ...world.environment, NODE_OPTIONS: '--max-old-space-size=100' }
    const { code, stderr, stdout } = await typeHere({ ...world, environment }, ...words, '--no-token-count')
    expectExit({ code, stderr }, 0)
    // 160 MB of requests.
    expect(JSON.parse(stdout)).toMatchObject({ requests: 60, batches: 2 })
  })
})

describe('llm-batch prompt', () => {
  it('shows the first rows filled, without a key, and with nothing in them that a terminal would obey', async () => {
    const world = await openWorld()
    await writeTable(world)
    await world.write(
      'data/rows.csv',
      'id,text,image\n1,first \u001b[31mred\u001b[0m,img/a.png\n2,,b.jpg\n3,c,b.jpg\n4,d,b.jpg\n',
    )
    const { OPENAI_API_KEY: _, ...environment } = world.environment
    const words = ['prompt', 'data/rows.csv', ...OPENAI, '--prompt', 'Say:\n{{text}}', '--system', 'Be kind.']
    const more = ['--image-column', 'image', '--id-column', 'id', '--max-tokens', '9']
    const { code, stderr, stdout } = await typeHere({ ...world, environment }, ...words, ...more, '--rows', '2')
    expectExit({ code, stderr }, 0)
    expect(stdout).toBe(
      [
        'Line 2 (1)  openai/gpt-6.1-terra',
        '  system',
        '    Be kind.',
        '  user',
        '    Say:',
        '    first red',
        '    [image/png, 70 bytes]',
        '  with',
        '    {"max_completion_tokens":9}',
        '',
        'Line 3 (2)  openai/gpt-6.1-terra',
        '  ! every placeholder is empty',
        '  system',
        '    Be kind.',
        '  user',
        '    Say:',
        '',
        '    [image/jpeg, 35 bytes]',
        '  with',
        '    {"max_completion_tokens":9}',
        '',
      ].join('\n'),
    )
    expect((await typeHere(world, ...words, ...more)).stdout.match(/^Line /gm)).toHaveLength(3)
    const drawn = await typeHere(world, ...words, ...more, '--sample', '2', '--seed', '3')
    expect(drawn.stdout.match(/^Line /gm)).toHaveLength(2)
    await expect(readdir(world.home)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('gives bodies exactly as they would be sent, and tells of rows that cannot be', async () => {
    const world = await openWorld()
    const messages = '[{"role":"user","content":"\\u00e9","n":12345678901234567890}]'
    await world.write('rows.jsonl', `{"messages":${messages}}\n{"messages":[]}\n`)
    const { code, stderr, stdout } = await typeHere(world, 'prompt', 'rows.jsonl', ...OPENAI, '--json')
    expectExit({ code, stderr }, 2)
    expect(stderr).toContain('1 row of 2 cannot be sent')
    expect(stdout).toContain(`"body":{"model":"gpt-6.1-terra","messages":${messages}}`)
    expect(JSON.parse(stdout).rows).toMatchObject([
      { line: 1, problems: [], target: { provider: 'openai', model: 'gpt-6.1-terra' } },
      { line: 2, problems: [{ code: 'missing_messages' }], target: null, body: null },
    ])
  })
})

describe('the library', () => {
  it('takes turns and images of rows in memory, whose paths count from the working folder', async () => {
    const world = await openWorld()
    await writeTable(world)
    const run = await startRun({
      input: [{ text: 'x', image: join(world.folder, 'data', 'b.jpg') }],
      model: 'openai/gpt-6.1-terra',
      messages: [{ role: 'user', content: '{{ text | upcase }}' }],
      imageColumns: ['image'],
      config: world.configPath,
      environment: world.environment,
    })
    const { counts } = await run.finished()
    await run.close()
    expect(counts).toMatchObject({ succeeded: 1 })
    expect(await sentBodies(world)).toMatchObject([
      { messages: [{ content: [{ text: 'X' }, { image_url: { url: jpegUrl() } }] }] },
    ])
  })
})

function jpegUrl(): string {
  return `data:image/jpeg;base64,${JPEG.toString('base64')}`
}
