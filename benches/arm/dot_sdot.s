// dotprod::dot: 6 pixels by 16 outputs, 8 bytes of each pixel
// The loop of an iteration, taken from the program by benches/arm/mca.sh.
	ldr	x1, [x8, x18]
	eor	x1, x1, #0x8080808080808080
	fmov	d0, x1
	ldr	x1, [x14, x18]
	eor	x1, x1, #0x8080808080808080
	fmov	d1, x1
	ldr	x1, [x15, x18]
	eor	x1, x1, #0x8080808080808080
	fmov	d2, x1
	ldr	x1, [x12, x18]
	eor	x1, x1, #0x8080808080808080
	fmov	d3, x1
	ldr	x1, [x13, x18]
	eor	x1, x1, #0x8080808080808080
	fmov	d4, x1
	ldr	x1, [x9, x18]
	eor	x1, x1, #0x8080808080808080
	fmov	d5, x1
	adds	x18, x18, #0x8
	ldur	q6, [x17]
	sdot	v8.4s, v6.16b, v0.4b[0]
	sdot	v12.4s, v6.16b, v1.4b[0]
	sdot	v16.4s, v6.16b, v2.4b[0]
	sdot	v20.4s, v6.16b, v3.4b[0]
	sdot	v24.4s, v6.16b, v4.4b[0]
	sdot	v28.4s, v6.16b, v5.4b[0]
	ldur	q7, [x17, #16]
	sdot	v9.4s, v7.16b, v0.4b[0]
	sdot	v13.4s, v7.16b, v1.4b[0]
	sdot	v17.4s, v7.16b, v2.4b[0]
	sdot	v21.4s, v7.16b, v3.4b[0]
	sdot	v25.4s, v7.16b, v4.4b[0]
	sdot	v29.4s, v7.16b, v5.4b[0]
	ldur	q6, [x17, #32]
	sdot	v10.4s, v6.16b, v0.4b[0]
	sdot	v14.4s, v6.16b, v1.4b[0]
	sdot	v18.4s, v6.16b, v2.4b[0]
	sdot	v22.4s, v6.16b, v3.4b[0]
	sdot	v26.4s, v6.16b, v4.4b[0]
	sdot	v30.4s, v6.16b, v5.4b[0]
	ldur	q7, [x17, #48]
	sdot	v11.4s, v7.16b, v0.4b[0]
	sdot	v15.4s, v7.16b, v1.4b[0]
	sdot	v19.4s, v7.16b, v2.4b[0]
	sdot	v23.4s, v7.16b, v3.4b[0]
	sdot	v27.4s, v7.16b, v4.4b[0]
	sdot	v31.4s, v7.16b, v5.4b[0]
	ldur	q6, [x17, #64]
	sdot	v8.4s, v6.16b, v0.4b[1]
	sdot	v12.4s, v6.16b, v1.4b[1]
	sdot	v16.4s, v6.16b, v2.4b[1]
	sdot	v20.4s, v6.16b, v3.4b[1]
	sdot	v24.4s, v6.16b, v4.4b[1]
	sdot	v28.4s, v6.16b, v5.4b[1]
	ldur	q7, [x17, #80]
	sdot	v9.4s, v7.16b, v0.4b[1]
	sdot	v13.4s, v7.16b, v1.4b[1]
	sdot	v17.4s, v7.16b, v2.4b[1]
	sdot	v21.4s, v7.16b, v3.4b[1]
	sdot	v25.4s, v7.16b, v4.4b[1]
	sdot	v29.4s, v7.16b, v5.4b[1]
	ldur	q6, [x17, #96]
	sdot	v10.4s, v6.16b, v0.4b[1]
	sdot	v14.4s, v6.16b, v1.4b[1]
	sdot	v18.4s, v6.16b, v2.4b[1]
	sdot	v22.4s, v6.16b, v3.4b[1]
	sdot	v26.4s, v6.16b, v4.4b[1]
	sdot	v30.4s, v6.16b, v5.4b[1]
	ldur	q7, [x17, #112]
	sdot	v11.4s, v7.16b, v0.4b[1]
	sdot	v15.4s, v7.16b, v1.4b[1]
	sdot	v19.4s, v7.16b, v2.4b[1]
	sdot	v23.4s, v7.16b, v3.4b[1]
	sdot	v27.4s, v7.16b, v4.4b[1]
	sdot	v31.4s, v7.16b, v5.4b[1]
	add	x17, x17, #0x80
