/** A script whose answer begins at once and ends when there is a file named `gate` beside it. */
export const SLOW: string = `import os, time
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b"begun"
    while not os.path.exists(os.path.join(os.path.dirname(__file__), "gate")):
        time.sleep(0.02)
    yield b" ended"
`;
