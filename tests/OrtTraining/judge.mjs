// Runs artifacts in ONNX Runtime Training 1.19.2 (WebAssembly) on behalf of a test: node judge.mjs FOLDER.
// Standard input holds commands, standard output the answers, in turn: a line of JSON, whose "bytes" says how many bytes of float32 follow.
//   train    images; {labels, permutation, lambda}
//                              -> {loss}, the gradients of this run (outputs probe.NAME), parameter by parameter
//   evaluate images; {labels}  -> {loss}
//   step                       -> {}     one step of the optimiser; the next train begins a new gradient
//   load     parameters        -> {}
//   parameters                 -> {}, the parameters
// The first line says {inputs, outputs} of the training graph. {error} ends the program.
import fs from 'node:fs';
import { explain } from './runtime.mjs';

console.log = console.error;
const folder = process.argv[2];
const input = fs.openSync('/dev/stdin', 'r');

function readExactly(count) {
  const bytes = Buffer.alloc(count);
  for (let done = 0; done < count;) {
    const read = fs.readSync(input, bytes, done, count - done, null);
    if (read === 0) process.exit(0);
    done += read;
  }
  return bytes;
}

function readCommand() {
  const line = [];
  for (let byte = readExactly(1)[0]; byte !== 10; byte = readExactly(1)[0]) line.push(byte);
  const command = JSON.parse(Buffer.from(line).toString('utf8'));
  return { ...command, payload: readExactly(command.bytes ?? 0) };
}

function answer(message, payload = new Uint8Array(0)) {
  const bytes = Buffer.concat([Buffer.from(`${JSON.stringify({ ...message, bytes: payload.byteLength })}\n`), payload]);
  for (let done = 0; done < bytes.length;) done += fs.writeSync(1, bytes, done);
}

const bytesOf = floats => new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength);

async function open(ort) {
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = { mjs: new URL('./runtime.mjs', import.meta.url) };
  const read = name => new Uint8Array(fs.readFileSync(`${folder}/${name}`));
  return await ort.TrainingSession.create({
    checkpointState: read('checkpoint'), trainModel: read('training_model.onnx'), evalModel: read('eval_model.onnx'), optimizerModel: read('optimizer_model.onnx'),
  });
}

function feeds(ort, command) {
  const { labels, permutation, lambda, payload } = command;
  const floats = new Float32Array(payload.buffer.slice(payload.byteOffset, payload.byteOffset + payload.byteLength));
  const side = Math.sqrt(floats.length / labels.length / 3);
  return {
    images: new ort.Tensor('float32', floats, [labels.length, 3, side, side]),
    labels: new ort.Tensor('int64', BigInt64Array.from(labels, BigInt), [labels.length]),
    ...permutation && {
      permutation: new ort.Tensor('int64', BigInt64Array.from(permutation, BigInt), [labels.length]),
      lambda: new ort.Tensor('float32', Float32Array.of(lambda), [1]),
    },
  };
}

async function run(ort, session, command) {
  switch (command.op) {
    case 'train': {
      const outputs = await session.runTrainStep(feeds(ort, command));
      const gradients = session.trainingOutputNames.filter(name => name.startsWith('probe.')).map(name => bytesOf(outputs[name].data));
      return answer({ loss: outputs.loss.data[0] }, Buffer.concat(gradients));
    }
    case 'evaluate':
      return answer({ loss: (await session.runEvalStep(feeds(ort, command))).loss.data[0] });
    case 'step':
      await session.runOptimizerStep();
      await session.lazyResetGrad();
      return answer({});
    case 'load':
      await session.loadParametersBuffer(new Uint8Array(command.payload), true);
      return answer({});
    case 'parameters':
      return answer({}, bytesOf((await session.getContiguousParameters(true)).data));
    default:
      throw new Error(`The command is ${command.op}.`);
  }
}

try {
  // The package closes this entry to Node; it runs there all the same.
  const ort = (await import('./node_modules/onnxruntime-web/dist/ort.training.wasm.min.mjs')).default;
  const session = await open(ort);
  answer({ inputs: session.trainingInputNames, outputs: session.trainingOutputNames });
  for (;;) await run(ort, session, readCommand());
} catch (problem) {
  answer({ error: explain(problem) });
  process.exit(1);
}
