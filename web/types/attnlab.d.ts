// Made by Emscripten.
declare const create: Create<AppModule>;
export default create;
