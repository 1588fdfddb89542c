#!/usr/bin/env python3
# Biases without any of our code: python3-zmq and python3-msgpack.   subscriber.py [ENDPOINT [TOPIC]]
import sys
import msgpack
import zmq

socket = zmq.Context().socket(zmq.SUB)
socket.connect(sys.argv[1] if len(sys.argv) > 1 else "tcp://127.0.0.1:7400")
socket.subscribe(sys.argv[2] if len(sys.argv) > 2 else "v1.bias.")
while True:
    topic, payload = socket.recv_multipart()
    bias = msgpack.unpackb(payload)
    print(topic.decode(), bias["bias"], bias["confidence_pct"], bias["state"], flush=True)
