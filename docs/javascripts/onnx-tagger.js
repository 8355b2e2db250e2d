// Tags what is typed into a page with a model of `elman export`, by onnxruntime-web; nothing leaves the browser.
// <div id="onnx-tagger" data-runtime="../onnx/" data-model="../onnx/address.onnx">a text to begin with</div>

const place = document.getElementById("onnx-tagger")
const runtime = new URL(place.dataset.runtime, location)

const input = document.createElement("textarea")
const file = document.createElement("input")
const label = document.createElement("label")
const status = document.createElement("p")
const output = document.createElement("div")
input.value = place.textContent.trim()
input.rows = 3
input.ariaLabel = "Text: a sentence a line, spaces between words"
file.type = "file"
file.accept = ".onnx"
label.append("Another model: ", file)
status.setAttribute("role", "status")
place.replaceChildren(input, label, status, output)

let session, waiting = Promise.resolve()

/** Returns the inputs of a model for sentences, each a list of words: see the page ONNX. */
function inputs(ort, sentences) {
  const words = sentences.flat()
  const codes = words.map(word => Array.from(word, character => character.codePointAt(0)))
  const width = Math.max(...codes.map(row => row.length))
  const characters = new Int32Array(words.length * width)
  codes.forEach((row, i) => characters.set(row, i * width))
  const vector = numbers => new ort.Tensor("int32", Int32Array.from(numbers), [numbers.length])
  return {
    words: new ort.Tensor("string", words, [words.length]),
    characters: new ort.Tensor("int32", characters, [words.length, width]),
    word_lengths: vector(codes.map(row => row.length)),
    sentence_lengths: vector(sentences.map(sentence => sentence.length)),
  }
}

/** Returns the labels of each text by a column of document labels. */
function documentLabels(results, column) {
  const { data, dims } = results[`${column}.label`]
  if (dims.length === 1) return Array.from(data)
  return Array.from({ length: dims[0] }, (_, i) => data.slice(i * dims[1], (i + 1) * dims[1]).filter(name => name).join(" | "))
}

function row(kind, texts, confidences) {
  const line = document.createElement("tr")
  texts.forEach((text, i) => {
    const cell = document.createElement(kind)
    cell.textContent = text
    if (confidences) {
      cell.title = confidences[i].toFixed(3)
      cell.style.opacity = 0.4 + 0.6 * confidences[i]
    }
    line.append(cell)
  })
  return line
}

/** Shows the words of each sentence with their tags below, and its document labels. */
function show(sentences, results) {
  const columns = suffix => Object.keys(results).filter(name => name.endsWith(suffix)).map(name => name.slice(0, -suffix.length))
  const labels = columns(".label").map(column => [column, documentLabels(results, column)])
  const tables = []
  let start = 0
  sentences.forEach((words, number) => {
    const table = document.createElement("table")
    table.append(row("th", words))
    for (const column of columns(".tag")) {
      const [tags, sure] = [".tag", ".confidence"].map(part => Array.from(results[column + part].data).slice(start, start + words.length))
      table.append(row("td", tags, sure))
    }
    for (const [column, found] of labels) {
      table.append(row("td", [`${column}: ${found[number]}`]))
    }
    start += words.length
    tables.push(table)
  })
  output.replaceChildren(...tables)
}

async function tag() {
  const sentences = input.value.split("\n").map(line => line.split(" ").filter(word => word)).filter(words => words.length)
  if (!session || !sentences.length) return output.replaceChildren()
  const begun = performance.now()
  const results = await session.model.run(inputs(session.ort, sentences))
  show(sentences, results)
  status.textContent = `${sentences.flat().length} words in ${Math.round(performance.now() - begun)} ms`
}

async function load(model) {
  status.textContent = "loading …"
  const ort = await import(new URL("ort.wasm.min.mjs", runtime))
  ort.env.wasm.wasmPaths = runtime.href
  ort.env.wasm.numThreads = 1 // more need headers that static servers do not send
  session = { ort, model: await ort.InferenceSession.create(model) }
  await tag()
}

/** Runs one piece of work after the other, and shows what goes wrong. */
function next(work) {
  waiting = waiting.then(work).catch(error => { status.textContent = `This did not work: ${error.message}` })
  return waiting
}

input.addEventListener("input", () => next(tag))
file.addEventListener("change", () => next(async () => load(new Uint8Array(await file.files[0].arrayBuffer()))))
if (location.protocol === "file:") {
  status.textContent = "This page has to come from a web server: python -m http.server -d build/site"
} else {
  next(async () => {
    const answer = await fetch(new URL(place.dataset.model, location))
    if (!answer.ok) throw new Error("the site was built without npm, so without the runtime and a model")
    await load(new Uint8Array(await answer.arrayBuffer()))
  })
}
