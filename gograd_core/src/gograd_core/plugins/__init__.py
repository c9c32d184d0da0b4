"""Operations as plugins: found, loaded, named, and bound to `Neuron`."""
